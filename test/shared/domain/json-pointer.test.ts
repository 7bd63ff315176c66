import { describe, expect, it } from 'vitest';
import { jsonPointer } from '../../../shared/domain/json-pointer.ts';

describe('a JSON pointer', () => {
  it.each([
    [[], ''],
    [['logo', 'data'], '/logo/data'],
    [['rows', 0], '/rows/0'],
    [[''], '/'],
    [['a/b'], '/a~1b'],
    [['m~n'], '/m~0n'],
    [['~1', '/~/'], '/~01/~1~0~1'],
  ])('to %j is %j', (path, pointer) => {
    expect(jsonPointer(path)).toBe(pointer);
  });
});
