import { describe, expect, it } from 'vitest';
import { columnsOf, namedColumns } from '../../../shared/contract/batch-columns.ts';
import { readBatchRow } from '../../../shared/contract/batch-row.ts';
import { unreadColumnWarnings } from '../../../shared/contract/unread-columns.ts';
import type { BatchMode } from '../../../shared/domain/batches/batch-mode.ts';

/** Reads one row of a file with this header. */
function fileOf(header: string[], row: string[], mode: BatchMode) {
  const found = columnsOf(namedColumns(header, [row]), { hasTargets: mode !== 'static', shared: new Set() });
  if ('problem' in found) throw new Error(found.problem.detail);
  const layout = { delimiter: ',' as const, hasHeader: true, columns: found.columns };
  const targets = { ownUrls: [], denied: [] };
  const read = readBatchRow(row, { mode, layout, shared: {}, targets, now: 0 });
  return { read, told: unreadColumnWarnings(layout, mode).map(({ detail }) => detail.split('"')[1]) };
}

describe('columns of a code that a mode does not read', () => {
  it.each<[BatchMode, string[], string[]]>([
    ['static', ['url', 'target', 'codeTitle', 'slug', 'tags'], ['target', 'codeTitle']],
    [
      'dynamic',
      ['target', 'Expires At', 'fallback_target', 'forwardQuery'],
      ['Expires At', 'fallback_target', 'forwardQuery'],
    ],
    ['retarget', ['slug', 'target', 'codeTitle', 'codeTags'], ['codeTitle', 'codeTags']],
  ])('are told with mode %s', (mode, header, told) => {
    const row = header.map((name) => (/url|target/.test(name) ? 'https://a.example' : 'abc'));
    expect(fileOf(header, row, mode).told).toEqual(told);
  });

  it.each<[BatchMode, string[]]>([
    ['static', ['url', 'id', 'slug', 'tags', 'destination', 'title']],
    ['dynamic', ['target', 'slug', 'codeTitle', 'codeTags', 'externalId', 'price']],
    ['retarget', ['id', 'target', 'title', 'tags']],
  ])('are not seen in everyday words with mode %s', (mode, header) => {
    expect(
      fileOf(
        header,
        header.map(() => 'x'),
        mode,
      ).told,
    ).toEqual([]);
  });
});

describe('a column title', () => {
  it("is the code's where codes are made", () => {
    const { read } = fileOf(['target', 'title'], ['https://a.example', 'Menu'], 'dynamic');
    expect([read.input, read.extra]).toMatchObject([{ title: 'Menu' }, []]);
  });

  it('leaves that to a column codeTitle', () => {
    const { read } = fileOf(['target', 'title', 'codeTitle'], ['https://a.example', 'Menu', 'Table 7'], 'dynamic');
    expect([read.input, read.extra]).toMatchObject([{ title: 'Table 7' }, [['title', 'Menu']]]);
  });
});
