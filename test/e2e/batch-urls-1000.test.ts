import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { decodeWithZbar, decodeWithZxing, hasZbar } from '../support/decode.ts';
import { prepareDeployment } from '../support/deployment.ts';
import { describeOnStores } from '../support/store-columns.ts';
import { hasUnzip, unzip } from '../support/unzip.ts';

const urlsFile = join(import.meta.dirname, '../data/urls-1000.csv');

/** Each is broken in a way of its own. */
const brokenRows = [
  { cells: 'no URL,', error: { code: 'required', pointer: '/url' } },
  { cells: 'a scheme that nobody knows,nothing:1', error: { code: 'invalid_url', pointer: '/url' } },
  { cells: 'a space,https://exa mple.com', error: { code: 'invalid_url', pointer: '/url' } },
  { cells: `no symbol is large enough,https://example.com/${'a'.repeat(3000)}`, error: { code: 'content_too_long' } },
];

/** The file with a row that cannot be drawn behind every fiftieth, and what is wrong with which row. */
async function withBrokenRows(): Promise<{ csv: string; urls: string[]; broken: object[] }> {
  const [head = '', ...lines] = (await readFile(urlsFile, 'utf8')).trim().split(/\r?\n/);
  const broken: object[] = [];
  const mixed = lines.flatMap((line, index) => {
    const kind = brokenRows[broken.length % brokenRows.length];
    if (index % 50 !== 49 || kind === undefined) return [line];
    const row = index + 1 + broken.length + 1;
    broken.push({ row, line: row + 1, file: null, sha256: null, error: kind.error });
    return [line, kind.cells];
  });
  const urls = lines.map((line) => line.slice(line.indexOf(',') + 1).trim());
  return { csv: `${[head, ...mixed].join('\n')}\n`, urls, broken };
}

describeOnStores('A CSV of 1,000 URLs', (stores) => {
  it.skipIf(!hasUnzip || !hasZbar)(
    'becomes a ZIP with each good row once, and a manifest with each bad row once',
    async () => {
      const deployment = await prepareDeployment({ stores: stores() });
      try {
        await deployment.startApi();
        await deployment.startWorkers();
        const { csv, urls, broken } = await withBrokenRows();
        const { apiKey } = deployment;
        const { baseUrl } = deployment.client;
        const headers = { authorization: `Bearer ${apiKey}` };
        const form = new FormData();
        form.append('size', '300');
        form.append('file', new Blob([csv], { type: 'text/csv' }), 'urls.csv');
        const made = await fetch(`${baseUrl}/v1/batches`, { method: 'POST', headers, body: form });
        expect(made.status).toBe(202);
        const { id } = (await made.json()) as { id: string };
        const events = await (await fetch(`${baseUrl}/v1/batches/${id}/events`, { headers })).text();
        const end = JSON.parse(/event: end\ndata: (.*)/.exec(events)?.[1] ?? 'null');
        expect(end).toMatchObject({ status: 'completed', counts: { total: 1020, completed: 1000, failed: 20 } });

        const answer = await fetch(`${baseUrl}/v1/batches/${id}/archive`, { headers });
        const zip = Buffer.from(await answer.arrayBuffer());
        expect(createHash('sha256').update(zip).digest('hex')).toBe(end.archive.sha256);
        const { manifest, csv: table, images: files } = await unzip(zip);
        expect(manifest.map(({ row }) => row)).toEqual(Array.from({ length: 1020 }, (_, index) => index + 1));
        expect(table.trim().split('\n')).toHaveLength(1021);
        const failed = manifest.filter(({ error }) => error !== null);
        expect(failed).toHaveLength(20);
        expect(failed).toMatchObject(broken);
        const listed = await (await deployment.client.get(`/v1/batches/${id}/rows?status=failed`)).json();
        expect(listed).toMatchObject({ data: failed.map(({ row, line, error }) => ({ row, line, error })) });

        const drawn = manifest.filter(({ error }) => error === null);
        expect(drawn.map(({ content }) => content)).toEqual(urls);
        expect(files.size).toBe(1000);
        const images = drawn.map(({ file }) => files.get(file ?? '') ?? Buffer.alloc(0));
        expect(images.map((bytes) => createHash('sha256').update(bytes).digest('hex'))).toEqual(
          drawn.map(({ sha256 }) => sha256),
        );
        expect(await decodeWithZbar(images)).toEqual(urls);
        for (const [index, bytes] of images.entries()) expect((await decodeWithZxing(bytes))?.text).toBe(urls[index]);
      } finally {
        await deployment.destroy();
      }
    },
  );
});
