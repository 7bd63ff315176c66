import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { retryTask, startTask } from '../../../shared/adapters/batch-tasks.ts';
import { changeBatch } from '../../../shared/adapters/change-batch.ts';
import type { Batch } from '../../../shared/adapters/database/batch-store.ts';
import type { NewJob } from '../../../shared/adapters/queues.ts';
import { batchArchiveKey } from '../../../shared/domain/batches/batch-ids.ts';
import { createHandlers } from '../../../workers/handlers.ts';
import { describeOn } from '../../support/servers.ts';
import { hasUnzip, unzip } from '../../support/unzip.ts';
import { openDeps, type TestDeps } from '../support/work-deps.ts';
import { acceptBatch, batchOf, imageOf, rowsOf, runJob, urls, work } from './support.ts';

describe('the archive of a batch', () => {
  let deps: TestDeps;
  beforeEach(async () => {
    deps = await openDeps();
  });
  afterEach(() => deps.close());

  const accept = (csv: string, more: Partial<Batch> = {}) => acceptBatch(deps, csv, { callback: null, ...more });
  const zipOfPart = async (batch: Batch, part = 1): Promise<Buffer> => {
    const { run } = await batchOf(deps, batch);
    const bytes = await deps.objects.get(batchArchiveKey(batch.id, { run, part }));
    if (bytes === null) throw new Error('The part is not there');
    return bytes;
  };

  it('is there when the batch is completed, its size and checksum told', async () => {
    const batch = await accept(urls(450));
    await work(deps);
    const ended = await batchOf(deps, batch);
    const zip = await zipOfPart(batch);
    const part = { part: 1, sizeBytes: zip.length, sha256: hash('sha256', zip, 'hex'), firstRow: 1, lastRow: 450 };
    expect(ended).toMatchObject({ status: 'completed', archive: [part] });
  });

  describeOn('by unzip', hasUnzip, () => {
    it('has each good row once, in the order of rows, and the manifest every row', async () => {
      const csv = `url,note\n${Array.from({ length: 300 }, (_, index) => (index % 7 === 3 ? 'nonsense,x' : `https://example.com/${index},y`)).join('\n')}\n`;
      const batch = await accept(csv);
      await work(deps);
      const { images, manifest } = await unzip(await zipOfPart(batch));
      expect(manifest.map(({ row }) => row)).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
      const good = manifest.filter(({ error }) => error === null);
      expect(good).toHaveLength(257);
      expect([...images.keys()].sort()).toEqual(good.map(({ file }) => file).sort());
      for (const { file, sha256, content, row } of good) {
        expect(hash('sha256', images.get(file ?? '') as Buffer, 'hex')).toBe(sha256);
        expect(content).toBe(`https://example.com/${row - 1}`);
      }
    });

    it('of many rows comes in parts, each row in one, under names that no other part has', async () => {
      deps.batches.rowsPerPart = 100;
      const csv = `url,file\n${Array.from({ length: 250 }, (_, index) => (index % 60 === 7 ? 'nonsense,' : `https://example.com/${index},menu`)).join('\n')}\n`;
      const batch = await accept(csv);
      await work(deps);
      const { status, archive } = await batchOf(deps, batch);
      expect([status, archive?.map(({ firstRow, lastRow }) => [firstRow, lastRow])]).toEqual([
        'completed',
        [
          [1, 100],
          [101, 200],
          [201, 250],
        ],
      ]);
      const names = new Set<string>();
      for (const { part, firstRow, lastRow, sizeBytes, sha256: checksum } of archive ?? []) {
        const zip = await zipOfPart(batch, part);
        expect([zip.length, hash('sha256', zip, 'hex')]).toEqual([sizeBytes, checksum]);
        const { images, manifest, csv: table } = await unzip(zip);
        const rows = Array.from({ length: lastRow - firstRow + 1 }, (_, index) => firstRow + index);
        expect(manifest.map(({ row }) => row)).toEqual(rows);
        expect(table.trim().split('\r\n')).toHaveLength(rows.length + 1);
        const good = manifest.filter(({ error }) => error === null);
        expect([...images.keys()].sort()).toEqual(good.map(({ file }) => file).sort());
        for (const { file, sha256 } of good) {
          expect(hash('sha256', images.get(file ?? '') as Buffer, 'hex')).toBe(sha256);
          names.add(file ?? '');
        }
      }
      expect(names.size).toBe(245);
    });

    it('makes only the part that is missing when a process died between two', async () => {
      deps.batches.rowsPerPart = 10;
      const batch = await accept(urls(25));
      await work(deps, { until: ({ name }) => name === 'zip-part' });
      const first = deps.queues.added.shift() as NewJob;
      expect(first.name).toBe('zip-part');
      await runJob(createHandlers(deps), first);
      const stored: string[] = [];
      const { putStream } = deps.objects;
      deps.objects.putStream = (key, chunks, options) => {
        stored.push(key);
        return putStream(key, chunks, options);
      };
      await work(deps);
      expect(stored).toHaveLength(2);
      expect((await batchOf(deps, batch)).archive?.map(({ part }) => part)).toEqual([1, 2, 3]);
    });

    it('unpacks flat, whatever rows want their files to be called', async () => {
      const wanted = [
        '../../x',
        'x',
        '..\\..\\y',
        'CON',
        'a\u0001b',
        '😀',
        'Menü',
        'MENÜ',
        '-rf',
        'manifest.csv',
        '日'.repeat(90),
      ];
      const batch = await accept(
        `url,file\n${wanted.map((file, at) => `https://example.com/${at},"${file}"`).join('\n')}\n`,
      );
      await work(deps);
      const { images, manifest } = await unzip(await zipOfPart(batch));
      expect(images.size).toBe(wanted.length);
      expect([...images.keys()].sort()).toEqual(manifest.map(({ file }) => file).sort());
      expect(manifest.slice(0, 4).map(({ file }) => file)).toEqual(['x.png', 'x-2.png', 'y.png', '_CON.png']);
    });

    it('of nothing but bad rows has their manifest', async () => {
      const batch = await accept('url\nnonsense\nmore nonsense\n');
      await work(deps);
      const { images, manifest, csv } = await unzip(await zipOfPart(batch));
      expect(images.size).toBe(0);
      expect(manifest.map(({ error }) => error?.code)).toEqual(['invalid_url', 'invalid_url']);
      expect(csv.trim().split('\r\n')).toHaveLength(3);
    });

    it('of a cancelled batch has what is done, and says of the rest that it was cancelled', async () => {
      const batch = await accept(urls(500));
      let drawn = 0;
      await work(deps, { until: ({ name }) => name === 'render-rows' && ++drawn > 1 });
      await deps.database.batches.replace({
        ...(await batchOf(deps, batch)),
        cancelledAt: deps.now(),
        revision: (await batchOf(deps, batch)).revision + 1,
      });
      await work(deps);
      expect((await batchOf(deps, batch)).status).toBe('cancelled');
      const { images, manifest } = await unzip(await zipOfPart(batch));
      expect(images.size).toBe(200);
      expect(manifest.filter(({ error }) => error?.code === 'cancelled')).toHaveLength(300);
    });

    it('of a dynamic batch tells codes, short URLs and targets', async () => {
      const batch = await accept('target,slug\nhttps://a.example,manifest-a\nhttps://b.example,\n', {
        mode: 'dynamic',
      });
      await work(deps);
      const { manifest } = await unzip(await zipOfPart(batch));
      expect(manifest[0]).toMatchObject({
        shortUrl: 'https://q.example.com/manifest-a',
        content: 'HTTPS://Q.EXAMPLE.COM/MANIFEST-A',
        target: 'https://a.example',
        codeId: (await rowsOf(deps, batch))[0]?.codeId,
      });
    });
  });

  it('made again has the same bytes, wherever the images lie', async () => {
    const batch = await accept(urls(30));
    await work(deps, { until: ({ name }) => name === 'zip-part' });
    const zipping = deps.queues.added.find(({ name }) => name === 'zip-part') as NewJob;
    const handlers = createHandlers(deps);
    const dying = deps.database.batches.replace;
    deps.database.batches.replace = async () => {
      throw new Error('the process dies here');
    };
    await expect(runJob(handlers, zipping)).rejects.toThrow('dies');
    const first = await zipOfPart(batch);
    deps.database.batches.replace = dying;
    await work(deps, { handlers });
    expect((await zipOfPart(batch)).equals(first)).toBe(true);
    expect((await batchOf(deps, batch)).status).toBe('completed');
    for (const row of await rowsOf(deps, batch)) expect(first.includes(await imageOf(deps, row))).toBe(true);
  });

  it('whose images are gone ends the batch as failed, not in an endless retry', async () => {
    const batch = await accept(urls(3));
    await work(deps, { until: ({ name }) => name === 'zip-part' });
    for await (const key of deps.objects.list(`batches/${batch.id}/images/`)) await deps.objects.remove(key);
    await work(deps);
    expect(await batchOf(deps, batch)).toMatchObject({
      status: 'failed',
      archive: null,
      error: { code: 'images_gone' },
    });
  });

  it('that failed alone is made again by a retry, from the images that are there', async () => {
    const batch = await accept(urls(3));
    await work(deps, { until: ({ name }) => name === 'zip-part' });
    const error = { code: 'storage_unavailable', detail: 'away', pointer: null };
    await changeBatch(deps.database.batches, batch.id, () => ({ error }));
    await work(deps);
    expect((await batchOf(deps, batch)).status).toBe('failed');
    await startTask(deps, retryTask(batch));
    const again: Partial<Batch> = {
      status: 'running',
      error: null,
      isParsed: false,
      parts: [],
      run: 2,
      endedBefore: 3,
    };
    await changeBatch(deps.database.batches, batch.id, () => ({ ...again, completedAt: null, expiresAt: null }));
    await work(deps);
    const { status, archive } = await batchOf(deps, batch);
    expect([status, archive?.length]).toEqual(['completed', 1]);
  });

  it('waits for an object store that is away', async () => {
    const batch = await accept(urls(3));
    await work(deps, { until: ({ name }) => name === 'zip-part' });
    deps.objects.isAway = true;
    const zipping = deps.queues.added[0] as NewJob;
    await expect(runJob(createHandlers(deps), zipping)).rejects.toMatchObject({ kind: 'unavailable' });
    expect((await batchOf(deps, batch)).status).toBe('running');
    deps.objects.isAway = false;
    await work(deps);
    expect((await batchOf(deps, batch)).status).toBe('completed');
  });
});
