import { type FileHandle, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { eventually } from '../support/client.ts';
import { type Item, isRoom, item, items, itemsIn, journalIn, withWrite } from '../support/journal-under-test.ts';

/** A disk that takes `room` bytes in all, as a full one does: a part of a write, then no more. */
const smallDisk = (disk: { room: number }) => (file: string) =>
  withWrite(file, async (write, bytes, part) => {
    if (disk.room === 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const length = Math.min(disk.room, part.length);
    disk.room -= length;
    return write(bytes, { ...part, length });
  });

describe('a journal on a full disk', () => {
  it('refuses what does not fit, keeps what it had acknowledged, and goes on when there is room', async () => {
    const disk = { room: 1000 };
    const { journal, sealed, onDisk } = await journalIn({ openFile: smallDisk(disk) });
    const acknowledged: Item[] = [];
    let refused = 0;
    for (const one of items(40)) {
      await journal.append(one).then(
        () => acknowledged.push(one),
        (error) => {
          expect(error).toBeInstanceOf(AppError);
          expect(error).toMatchObject({ kind: 'unavailable', code: 'journal_unavailable' });
          refused++;
        },
      );
    }
    expect(acknowledged.length).toBeGreaterThan(10);
    expect(refused).toBeGreaterThan(5);
    disk.room = 1e6;
    await eventually('it takes more', () => journal.append(item(100)).then(() => true));
    await journal.append(item(101));
    await journal.close();
    expect(await itemsIn(sealed)).toEqual([...acknowledged, item(100), item(101)]);
    expect(await onDisk()).toEqual([...acknowledged, item(100), item(101)]);
  });

  it('fails the whole group when the write fails, and writes nothing behind it', async () => {
    let broken = true;
    const { journal, onDisk } = await journalIn({
      openFile: (file) =>
        withWrite(file, async (write, bytes, part) => {
          const written = await write(bytes, part);
          if (broken) throw new Error('EIO: i/o error, write');
          return written;
        }),
    });
    const results = await Promise.allSettled(items(10).map((one) => journal.append(one)));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    broken = false;
    await eventually('it takes more', () => journal.append(item(100)).then(() => true));
    await journal.close();
    expect(await onDisk()).toEqual([item(100)]);
  });
});

describe('a journal whose machine loses its power', () => {
  /** A disk that fails now and then, in the middle of a write or behind it, and remembers how much of each file is safe. */
  function shakyDisk(failures: { fails: boolean; taken: number }[]) {
    const safe = new Map<string, number>();
    const openFile = async (file: string): Promise<FileHandle> => {
      safe.set(file, 0);
      return withWrite(file, async (write, bytes, part) => {
        const failure = failures.shift();
        if (failure?.fails) {
          await write(bytes, { ...part, length: Math.min(failure.taken, part.length) });
          throw new Error('EIO: i/o error, write');
        }
        const written = await write(bytes, part);
        if (!isRoom(bytes)) safe.set(file, part.position + part.length);
        return written;
      });
    };
    return { openFile, safe };
  }

  it('yields every item that it acknowledged, and none that was never appended', async () => {
    const failure = fc.record({ fails: fc.boolean(), taken: fc.nat(200) });
    const tear = fc.record({
      kept: fc.double({ min: 0, max: 1, noNaN: true }),
      junk: fc.uint8Array({ maxLength: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(8), { maxLength: 12 }),
        fc.array(failure, { maxLength: 8 }),
        tear,
        async (groups, failures, { kept, junk }) => {
          const { openFile, safe } = shakyDisk([...failures]);
          const { journal, folder, onDisk } = await journalIn({ maxItems: 10, openFile, restMs: 0 });
          const acknowledged: Item[] = [];
          let next = 0;
          for (const size of groups) {
            const group = Array.from({ length: size }, () => item(next++));
            await Promise.all(
              group.map((one) =>
                journal.append(one).then(
                  () => acknowledged.push(one),
                  () => undefined,
                ),
              ),
            );
          }
          await journal.close();
          for (const name of await readdir(folder)) {
            const file = join(folder, name);
            const bytes = await readFile(file);
            const end = safe.get(file) ?? 0;
            const left = end + Math.round(kept * (bytes.length - end));
            await writeFile(file, Buffer.concat([bytes.subarray(0, left), Buffer.from(junk)]));
          }
          const replayed = await onDisk();
          const ids = replayed.map(({ id }) => id);
          expect(replayed).toEqual(ids.map(item));
          expect(new Set(ids).size).toBe(ids.length);
          expect(acknowledged.filter(({ id }) => !ids.includes(id))).toEqual([]);
          expect(ids.every((id) => id < next)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
