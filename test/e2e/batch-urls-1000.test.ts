import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { decodeWithZbar, decodeWithZxing, hasZbar } from '../support/decode.ts';
import { prepareDeployment } from '../support/deployment.ts';
import { temporaryFolder } from '../support/servers.ts';
import { describeOnStores } from '../support/store-columns.ts';

const unzip = spawnSync('unzip', ['-v']).status === 0;
const urlsFile = join(import.meta.dirname, '../data/urls-1000.csv');

/** The file with a row that cannot be drawn behind every fiftieth. */
async function withBrokenRows(): Promise<{ csv: string; urls: string[]; broken: number }> {
  const [head = '', ...lines] = (await readFile(urlsFile, 'utf8')).trim().split(/\r?\n/);
  const mixed = lines.flatMap((line, index) =>
    index % 50 === 49 ? [line, line.replace(/https?:/, 'nothing:')] : [line],
  );
  const urls = lines.map((line) => line.slice(line.indexOf(',') + 1).trim());
  return { csv: `${[head, ...mixed].join('\n')}\n`, urls, broken: mixed.length - lines.length };
}

type Entry = { row: number; file: string | null; content: string | null; sha256: string | null; error: unknown };

describeOnStores('A CSV of 1,000 URLs', (stores) => {
  it.skipIf(!unzip || !hasZbar)(
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
        expect(end).toMatchObject({ status: 'completed', counts: { total: 1020, completed: 1000, failed: broken } });

        const answer = await fetch(`${baseUrl}/v1/batches/${id}/archive`, { headers });
        const zip = Buffer.from(await answer.arrayBuffer());
        expect(createHash('sha256').update(zip).digest('hex')).toBe(end.archive.sha256);
        const folder = await temporaryFolder();
        await writeFile(join(folder, 'archive.zip'), zip);
        await promisify(execFile)('unzip', ['-q', 'archive.zip', '-d', 'out'], { cwd: folder });
        const manifest: Entry[] = JSON.parse(await readFile(join(folder, 'out', 'manifest.json'), 'utf8'));
        expect(manifest.map(({ row }) => row)).toEqual(Array.from({ length: 1020 }, (_, index) => index + 1));
        expect(manifest.filter(({ error }) => error !== null)).toHaveLength(broken);

        const drawn = manifest.filter(({ error }) => error === null);
        expect(drawn.map(({ content }) => content)).toEqual(urls);
        const images = await Promise.all(drawn.map(({ file }) => readFile(join(folder, 'out', file ?? ''))));
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
