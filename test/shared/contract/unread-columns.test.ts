import { describe, expect, it } from 'vitest';
import { columnsOf, namedColumns } from '../../../shared/contract/batch-columns.ts';
import { unreadColumnWarnings } from '../../../shared/contract/unread-columns.ts';
import type { BatchMode } from '../../../shared/domain/batches/batch-mode.ts';

/** The columns of a file with this header and row that are warned of. */
function toldOf(header: string[], row: string[], mode: BatchMode) {
  const found = columnsOf(namedColumns(header, [row]), { hasTargets: mode !== 'static', shared: new Set() });
  if ('problem' in found) throw new Error(found.problem.detail);
  const layout = { delimiter: ',' as const, hasHeader: true, columns: found.columns };
  return unreadColumnWarnings(layout, mode).map(({ detail }) => detail.split('"')[1]);
}

describe('columns of a code that a mode does not read', () => {
  it.each<[BatchMode, string[], string[]]>([
    ['static', ['url', 'target', 'codeTitle', 'slug', 'tags'], ['target', 'codeTitle']],
    [
      'dynamic',
      ['target', 'Expires At', 'fallback_target', 'forwardQuery'],
      ['Expires At', 'fallback_target', 'forwardQuery'],
    ],
    ['dynamic', ['target', 'title'], ['title']],
    ['retarget', ['slug', 'target', 'codeTitle', 'codeTags'], ['codeTitle', 'codeTags']],
  ])('are told with mode %s', (mode, header, told) => {
    const row = header.map((name) => (/url|target/.test(name) ? 'https://a.example' : 'abc'));
    expect(toldOf(header, row, mode)).toEqual(told);
  });

  it.each([
    ['static', 'target', 'mode dynamic makes codes of rows'],
    ['static', 'expiresAt', 'make codes with mode dynamic, and PATCH them'],
    ['dynamic', 'title', 'call it codeTitle if it is for the codes'],
  ] as const)('are told with what to do: with mode %s %s', (mode, name, remedy) => {
    const columns = [{ name, field: null }];
    const [warning] = unreadColumnWarnings({ delimiter: ',', hasHeader: true, columns }, mode);
    expect(warning?.detail).toContain(`is not read with mode ${mode}: ${remedy};`);
  });

  it.each<[BatchMode, string[]]>([
    ['static', ['url', 'id', 'slug', 'tags', 'destination', 'title']],
    ['dynamic', ['target', 'slug', 'codeTitle', 'codeTags', 'externalId', 'price']],
    ['retarget', ['id', 'target', 'title', 'tags']],
  ])('are not seen in everyday words with mode %s', (mode, header) => {
    const row = header.map(() => 'x');
    expect(toldOf(header, row, mode)).toEqual([]);
  });
});
