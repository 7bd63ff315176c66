import { randomBytes } from 'node:crypto';
import { closeSync, constants, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { access, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { reaching, unlessMissing } from './folder-error.ts';
import { listKeys, namesIn, type Place, placeOf, temporaryName } from './folder-keys.ts';
import { checkPrefix } from './object-names.ts';
import type { ByteRange, ObjectStore } from './objects.ts';

/**
 * Opens the object store in `folder` and makes it if need be.
 */
export async function openFolderObjects(folder: string): Promise<ObjectStore> {
  const temporary = join(folder, temporaryName);
  await reaching('prepare the folder', async () => {
    await mkdir(temporary, { recursive: true });
  });

  // Unique without asking for randomness each time: this opening's own part, and a count.
  const opening = `${process.pid}-${randomBytes(8).toString('hex')}`;
  let count = 0;
  const nameUnfinished = (): string => `${temporary}${sep}${opening}-${++count}`;

  return {
    async put(key, bytes, { durable }) {
      const target = placeOf(folder, key);
      await reaching(`store ${key}`, async () => {
        const unfinished = nameUnfinished();
        if (!durable) return putAtOnce(unfinished, bytes, target);
        try {
          await writeWhole(unfinished, bytes);
          await renameInto(unfinished, target);
          for (const path of [target.shard, target.top, folder]) await syncFolder(path);
        } catch (error) {
          await rm(unfinished, { force: true });
          throw error;
        }
      });
    },

    async putStream(key, chunks) {
      const target = placeOf(folder, key);
      const unfinished = nameUnfinished();
      try {
        await writeStream(unfinished, chunks);
        await reaching(`store ${key}`, async () => {
          await renameInto(unfinished, target);
          for (const path of [target.shard, target.top, folder]) await syncFolder(path);
        });
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
    },

    async get(key) {
      const { file } = placeOf(folder, key);
      return reaching(`read ${key}`, () => unlessMissing(readFile(file)));
    },

    async getStream(key, range) {
      const { file } = placeOf(folder, key);
      const facts = await reaching(`look at ${key}`, () => unlessMissing(stat(file)));
      return facts && readStream(file, key, range);
    },

    async remove(key) {
      const { file } = placeOf(folder, key);
      await reaching(`remove ${key}`, () => rm(file, { force: true }));
    },

    list: (prefix, after) => listKeys(folder, checkPrefix(prefix), after),

    async modifiedAt(key) {
      const { file } = placeOf(folder, key);
      const facts = await reaching(`look at ${key}`, () => unlessMissing(stat(file)));
      return facts && Math.floor(facts.mtimeMs);
    },

    removeUnfinished: (before) => removeUnfinished(temporary, before),

    ping: () => reaching('write', () => access(temporary, constants.W_OK)),

    close: async () => undefined,
  };
}

/**
 * Stores the bytes without a turn of the event loop: what is not synced goes to the page cache, and the four calls take
 * some 40 µs, where handing each to a thread and back costs several times as much.
 */
function putAtOnce(unfinished: string, bytes: Buffer, { shard, file }: Place): void {
  try {
    const descriptor = openSync(unfinished, 'wx');
    try {
      writeFileSync(descriptor, bytes);
    } finally {
      closeSync(descriptor);
    }
    try {
      renameSync(unfinished, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      mkdirSync(shard, { recursive: true });
      renameSync(unfinished, file);
    }
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

async function writeWhole(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What `chunks` throws is thrown on as it is; what the folder throws is translated. */
async function writeStream(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const storing = <Result>(act: () => Promise<Result>): Promise<Result> => reaching('store an upload', act);
  const file = await storing(() => open(path, 'wx'));
  try {
    for await (const chunk of chunks) await storing(() => file.writeFile(chunk));
    await storing(() => file.sync());
  } finally {
    await file.close();
  }
}

const readBytes = 256 * 1024;

/** Opens the file when the first piece is read: a stream that nobody begins to read holds nothing open. */
async function* readStream(path: string, key: string, { offset, sizeBytes }: ByteRange): AsyncGenerator<Buffer, void> {
  const file = await reaching(`read ${key}`, () => open(path, 'r'));
  try {
    for (let at = offset; at < offset + sizeBytes; ) {
      const wanted = Math.min(readBytes, offset + sizeBytes - at);
      const { bytesRead, buffer } = await reaching(`read ${key}`, () =>
        file.read(Buffer.allocUnsafe(wanted), 0, wanted, at),
      );
      if (bytesRead === 0)
        throw new RangeError(`${key} ends at ${at}, before the ${sizeBytes} bytes from ${offset} on`);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function renameInto(unfinished: string, { shard, file }: Place): Promise<void> {
  try {
    await rename(unfinished, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(shard, { recursive: true });
    await rename(unfinished, file);
  }
}

/** Makes the names in a folder survive power loss, as fsync of a file alone does not (fsync(2)). */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeUnfinished(temporary: string, before: number): Promise<number> {
  let removed = 0;
  for (const name of await namesIn(temporary, 'files')) {
    const path = join(temporary, name);
    const facts = await reaching('look at an unfinished file', () => unlessMissing(stat(path)));
    if (!facts || facts.mtimeMs >= before) continue;
    await reaching('remove an unfinished file', () => rm(path, { force: true }));
    removed++;
  }
  return removed;
}
