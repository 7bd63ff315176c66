import { beforeAll, describe, expect, it } from 'vitest';
import { Manifest } from '../../../workers/batches/manifest.ts';
import { newBatch, newBatchRow } from '../../suites/database/batch-contract.ts';

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a manifest', () => {
  const columns = ['url', 'row', 'note', 'note', '__proto__', 'ssid'].map((name) => {
    const field = name === 'url' || name === 'ssid' ? name : null;
    return { name, field };
  });
  const batch = newBatch();
  batch.file.layout = { delimiter: ',', hasHeader: true, columns };
  const extra: [string, string][] = [
    ['row', 'A'],
    ['note', '=1+1'],
    ['note', 'b "q"'],
    ['__proto__', '\u00e4'],
    ['ssid', ''],
  ];
  const rows = [
    newBatchRow(batch, 1, {
      extra,
      status: 'completed',
      result: { piece: 'a', offset: 0, sizeBytes: 7, sha256: 'ab' },
    }),
    newBatchRow(batch, 2, {
      status: 'failed',
      input: null,
      extra: [
        ['note', ''],
        ['column 7', 'more'],
      ],
      error: { code: 'invalid_url', detail: 'url must be a URL', pointer: '/url' },
    }),
    newBatchRow(batch, 3, { status: 'cancelled', extra: [] }),
  ];
  const manifest = new Manifest(batch);
  let json = '';
  let csv = '';
  beforeAll(async () => {
    const come = async function* () {
      yield* rows;
    };
    json = (await collect(manifest.json(come()))).toString();
    csv = (await collect(manifest.csv(come()))).toString();
  });

  it('has each row with its facts, or why there is none', () => {
    const read = JSON.parse(json);
    expect(read).toMatchObject([
      { row: 1, line: 2, file: '1.png', sizeBytes: 7, sha256: 'ab', error: null },
      { row: 2, line: 3, file: null, content: null, sizeBytes: null, error: { code: 'invalid_url', pointer: '/url' } },
      { row: 3, file: null, error: { code: 'cancelled' } },
    ]);
    expect(read[0].content).toEqual(expect.any(String));
  });

  it('has columns that nobody knows as they came, none lost to a name that is taken', () => {
    const [first, second] = JSON.parse(json);
    expect(Object.entries(first).slice(9)).toEqual([
      ['row (2)', 'A'],
      ['note', '=1+1'],
      ['note (2)', 'b "q"'],
      ['__proto__', '\u00e4'],
    ]);
    expect(second['column 7']).toBe('more');
  });

  it('is a CSV that runs no formula in a spreadsheet', () => {
    const [head, first, second, third] = csv.split('\r\n');
    expect(head).toBe(
      'row,line,name,file,content,shortUrl,sizeBytes,sha256,error,row (2),note,note (2),__proto__,column 7',
    );
    expect(first).toMatch(/^1,2,,1\.png,.*,,7,ab,,A,'=1\+1,"b ""q""",\u00e4,$/);
    expect(second).toMatch(/^2,3,,,,,,,invalid_url at \/url: url must be a URL,,,,,more$/);
    expect(third).toMatch(/cancelled/);
  });
});
