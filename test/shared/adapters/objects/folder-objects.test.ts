import { mkdir, readdir, readlink, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectObjects } from '../../../../shared/adapters/objects/connect-objects.ts';
import { folderError } from '../../../../shared/adapters/objects/folder-error.ts';
import { objectsSuite } from '../../../suites/objects.ts';
import { temporaryFolder } from '../../../support/servers.ts';

const png = { contentType: 'image/png', durable: false };
const open = (dataDir: string) => connectObjects({ s3: null, dataDir });

describe('objects in a folder', () => {
  objectsSuite(async () => open(await temporaryFolder()));

  it('finds after a restart what it held', async () => {
    const dataDir = await temporaryFolder();
    await (await open(dataDir)).put('renders/rnd_a.png', Buffer.from('kept'), png);
    expect(String(await (await open(dataDir)).get('renders/rnd_a.png'))).toBe('kept');
  });

  it('spreads its files so that no folder grows large', async () => {
    const dataDir = await temporaryFolder();
    const store = await open(dataDir);
    for (let i = 0; i < 1000; i++) await store.put(`renders/rnd_${i}.png`, Buffer.from('x'), png);
    const shards = await readdir(join(dataDir, 'objects/renders'));
    const sizes = await Promise.all(
      shards.map(async (shard) => (await readdir(join(dataDir, 'objects/renders', shard))).length),
    );
    expect(Math.max(...sizes)).toBeLessThan(10);
  });

  it('holds no file open for a stream that nobody begins to read', async () => {
    const dataDir = await temporaryFolder();
    const store = await open(dataDir);
    await store.put('renders/rnd_a.png', Buffer.from('kept'), png);
    await store.getStream('renders/rnd_a.png', { offset: 0, sizeBytes: 4 });
    const handles = await readdir('/proc/self/fd');
    const files = await Promise.all(handles.map((handle) => readlink(`/proc/self/fd/${handle}`).catch(() => '')));
    expect(files.filter((file) => file.startsWith(dataDir))).toEqual([]);
  });

  it('removes what dead processes left unfinished, and nothing that may still be written', async () => {
    const dataDir = await temporaryFolder();
    const unfinished = join(dataDir, 'objects/.unfinished');
    await mkdir(unfinished, { recursive: true });
    await writeFile(join(unfinished, '1-old'), 'x');
    await utimes(join(unfinished, '1-old'), new Date(), new Date(Date.now() - 3_700_000));
    await writeFile(join(unfinished, '2-new'), 'x');
    const store = await open(dataDir);
    expect(await store.removeUnfinished(Date.now() - 3_600_000)).toBe(1);
    expect(await readdir(unfinished)).toEqual(['2-new']);
    for await (const key of store.list('')) expect.unreachable(`${key} is no object`);
  });

  it('leaves nothing unfinished behind, written or not', async () => {
    const dataDir = await temporaryFolder();
    const store = await open(dataDir);
    await store.put('renders/whole', Buffer.from('x'), png);
    await mkdir(join(dataDir, 'objects/blocked'), { recursive: true });
    await rm(join(dataDir, 'objects/blocked'), { recursive: true });
    await writeFile(join(dataDir, 'objects/blocked'), 'a file where a folder belongs');
    await expect(store.put('blocked/x', Buffer.from('x'), png)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'storage_unavailable',
    });
    expect(await readdir(join(dataDir, 'objects/.unfinished'))).toEqual([]);
  });

  it('says that it is unavailable when its folder has gone', async () => {
    const dataDir = await temporaryFolder();
    const store = await open(dataDir);
    await rm(join(dataDir, 'objects'), { recursive: true });
    const away = { kind: 'unavailable', code: 'storage_unavailable' };
    await expect(store.put('renders/x', Buffer.from('x'), png)).rejects.toMatchObject(away);
    await expect(store.ping()).rejects.toMatchObject(away);
  });

  it.each(['ENOSPC', 'EDQUOT'])('says that the storage is full on %s', (code) => {
    const full = folderError('store renders/x', Object.assign(new Error('write'), { code }));
    expect(full).toMatchObject({ kind: 'unavailable', code: 'storage_full', retryAfterS: 30 });
  });
});
