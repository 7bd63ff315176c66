import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inParallel } from '../support/client.ts';
import { decodeWithZbar, decodeWithZxing, hasZbar } from '../support/decode.ts';
import { describeOn, temporaryFolder } from '../support/servers.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

const csv = join(import.meta.dirname, '../data/urls-1000.csv');

async function readUrls(): Promise<string[]> {
  const [, ...lines] = (await readFile(csv, 'utf8')).trim().split('\n');
  return lines.map((line) => line.slice(line.indexOf(',') + 1).trim());
}

describe('A thousand real URLs, rendered by what npm start runs', () => {
  let service: ServiceProcess;
  let urls: string[];
  let images: Buffer[];

  beforeAll(async () => {
    service = await startServiceProcess(await temporaryFolder());
    await service.ready();
    const client = await service.client();
    urls = await readUrls();
    images = await inParallel(urls, 32, async (url) => {
      const answer = await client.post('/v1/renders', { content: { type: 'url', url } }, { accept: 'image/png' });
      if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
      return Buffer.from(await answer.arrayBuffer());
    });
  });
  afterAll(() => service?.destroy());

  it('are read back by zxing, each to its own', async () => {
    expect(urls).toHaveLength(1000);
    const read = await inParallel(images, 2, decodeWithZxing);
    expect(read.map((decoded) => decoded?.text)).toEqual(urls);
  });

  describeOn('and by a reader of another family', hasZbar, () => {
    it('zbar, each to its own', async () => {
      expect(await decodeWithZbar(images)).toEqual(urls);
    });
  });
});
