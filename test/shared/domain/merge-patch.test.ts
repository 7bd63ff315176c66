import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDeeperThan, mergePatch } from '../../../shared/domain/merge-patch.ts';

describe('mergePatch', () => {
  // RFC 7396, appendix A, but for the case whose null stands in no patch of ours.
  it.each([
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ])('%s with %s is %s', (target, patch, merged) => {
    expect(JSON.stringify(mergePatch(JSON.parse(target), JSON.parse(patch)))).toBe(merged);
  });

  it('changes neither argument, and merging again changes nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
        const before = JSON.stringify([target, patch]);
        const merged = mergePatch(target, patch);
        expect(JSON.stringify([target, patch])).toBe(before);
        expect(mergePatch(merged, patch)).toEqual(merged);
      }),
    );
  });
});

describe('isDeeperThan', () => {
  it('counts objects and lists', () => {
    expect(isDeeperThan('x', 0)).toBe(false);
    expect(isDeeperThan([[{ a: 1 }]], 3)).toBe(false);
    expect(isDeeperThan([[{ a: 1 }]], 2)).toBe(true);
    expect(isDeeperThan({ a: 1, b: [2, { c: [] }] }, 4)).toBe(false);
    expect(isDeeperThan({ a: 1, b: [2, { c: [] }] }, 3)).toBe(true);
  });
});
