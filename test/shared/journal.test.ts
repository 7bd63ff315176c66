import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { Journal, type Segment } from '../../shared/journal.ts';
import { decodeLines } from '../../shared/journal-lines.ts';
import { eventually } from '../support/client.ts';
import { temporaryFolder } from '../support/servers.ts';

type Item = { id: number; text: string };

const itemsOf = async (file: string): Promise<Item[]> => decodeLines(await readFile(file)) as Item[];

let folders = 0;
async function journalIn(
  options: Partial<Pick<ConstructorParameters<typeof Journal>[0], 'maxItems' | 'observe' | 'openFile' | 'restMs'>> = {},
) {
  const folder = join(await temporaryFolder(), String(++folders));
  await mkdir(folder);
  const sealed: Segment[] = [];
  const journal = new Journal<Item>({
    folder,
    id: 'j1',
    maxItems: 500,
    now: () => 1000,
    onSealed: (segment) => sealed.push(segment),
    ...options,
  });
  const onDisk = async (): Promise<Item[]> => {
    const files = (await readdir(folder)).sort();
    return (await Promise.all(files.map((file) => itemsOf(join(folder, file))))).flat();
  };
  return { folder, sealed, journal, onDisk };
}

const item = (id: number): Item => ({ id, text: `text ${id}` });
const items = (count: number): Item[] => Array.from({ length: count }, (_, index) => item(index));

const itemsIn = async (segments: Segment[]): Promise<Item[]> =>
  (await Promise.all(segments.map(({ file }) => itemsOf(file)))).flat();

const isRoom = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);

type Part = { offset: number; length: number; position: number };
type Write = (bytes: Buffer, part: Part) => Promise<{ bytesWritten: number; buffer: Buffer }>;

/** A new file whose writes go through `through`. */
async function withWrite(file: string, through: (write: Write, bytes: Buffer, part: Part) => ReturnType<Write>) {
  const handle = await open(file, 'wx');
  const write = handle.write.bind(handle);
  const writePart: Write = (bytes, { offset, length, position }) => write(bytes, offset, length, position);
  handle.write = ((bytes: Buffer, offset: number, length: number, position: number) =>
    through(writePart, bytes, { offset, length, position })) as unknown as FileHandle['write'];
  return handle;
}

/** A disk that takes `room` bytes in all, as a full one does: a part of a write, then no more. */
const smallDisk = (disk: { room: number }) => (file: string) =>
  withWrite(file, async (write, bytes, part) => {
    if (disk.room === 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const length = Math.min(disk.room, part.length);
    disk.room -= length;
    return write(bytes, { ...part, length });
  });

describe('a journal', () => {
  it('has on the disk what it acknowledged, in its order', async () => {
    const { journal, onDisk } = await journalIn();
    await Promise.all(items(300).map((one) => journal.append(one)));
    expect(await onDisk()).toEqual(items(300));
    await journal.close();
  });

  it('writes together what comes in one turn, and in groups of even size the many that come while it writes', async () => {
    const sizes: number[] = [];
    let write = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      write = resolve;
    });
    const { journal, onDisk } = await journalIn({
      observe: (size) => sizes.push(size),
      openFile: (file) =>
        withWrite(file, async (writePart, bytes, part) => {
          await first;
          return writePart(bytes, part);
        }),
    });
    const appended = items(6).map((one) => journal.append(one));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const meanwhile = items(64).slice(6);
    appended.push(...meanwhile.map((one) => journal.append(one)));
    write();
    await Promise.all(appended);
    expect(sizes).toEqual([6, 32, 26]);
    expect(await onDisk()).toEqual(items(64));
    await journal.close();
  });

  it('gives the disk the next group before it acknowledges the last', async () => {
    const happened: string[] = [];
    const { journal } = await journalIn({
      openFile: (file) =>
        withWrite(file, async (write, bytes, part) => {
          happened.push('write');
          if (happened.length === 1) second = journal.append(item(2)).then(() => void happened.push('second'));
          return write(bytes, part);
        }),
    });
    let second = Promise.resolve();
    await journal.append(item(1)).then(() => happened.push('first'));
    await second;
    expect(happened).toEqual(['write', 'write', 'first', 'second']);
    await journal.close();
  });

  it('acknowledges nothing before its synced write has returned', async () => {
    let sync = (): void => undefined;
    const synced = new Promise<void>((resolve) => {
      sync = resolve;
    });
    const { journal } = await journalIn({
      openFile: (file) =>
        withWrite(file, async (write, bytes, part) => {
          const written = await write(bytes, part);
          await synced;
          return written;
        }),
    });
    let acknowledged = false;
    const appended = journal.append(item(1)).then(() => {
      acknowledged = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(acknowledged).toBe(false);
    sync();
    await appended;
    await journal.close();
  });

  it('asks the system to sync each write', async () => {
    const { journal, folder } = await journalIn();
    await journal.append(item(1));
    const opened = await Promise.all(
      (await readdir('/proc/self/fd')).map(async (fd) => ({
        path: await readlink(`/proc/self/fd/${fd}`).catch(() => ''),
        flags: await readFile(`/proc/self/fdinfo/${fd}`, 'utf8').catch(() => ''),
      })),
    );
    const flags = /flags:\s+(\d+)/.exec(opened.find(({ path }) => path.startsWith(folder))?.flags ?? '')?.[1] ?? '0';
    expect(Number.parseInt(flags, 8) & constants.O_DSYNC).toBe(constants.O_DSYNC);
    await journal.close();
  });

  it('seals what it wrote, never an empty segment, and at most so many items in one', async () => {
    const { journal, sealed } = await journalIn({ maxItems: 10 });
    journal.seal();
    for (const one of items(25)) await journal.append(one);
    expect(sealed.map(({ count }) => count)).toEqual([10, 10]);
    journal.seal();
    await journal.close();
    expect(sealed.map(({ id, count, since }) => ({ id, count, since }))).toEqual([
      { id: 'j1-000000001', count: 10, since: 1000 },
      { id: 'j1-000000002', count: 10, since: 1000 },
      { id: 'j1-000000003', count: 5, since: 1000 },
    ]);
    expect(await itemsIn(sealed)).toEqual(items(25));
    for (const { file, sizeBytes } of sealed) {
      const bytes = await readFile(file);
      expect(bytes.lastIndexOf('\n') + 1).toBe(sizeBytes);
      expect(isRoom(bytes.subarray(sizeBytes))).toBe(true);
    }
  });

  it('seals a segment that is being written when that is done', async () => {
    const { journal, sealed } = await journalIn();
    const appended = journal.append(item(1));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    journal.seal();
    await appended;
    await eventually('it is sealed', async () => sealed.length === 1);
    expect(await itemsIn(sealed)).toEqual([item(1)]);
    await journal.close();
  });

  it('has room ready in the next segment while it writes many items, and makes none for a few', async () => {
    const { folder, journal, sealed } = await journalIn({ maxItems: 200 });
    const readied = async () => {
      await eventually('the next one is there', async () => (await readdir(folder)).length === sealed.length + 2);
      return (await stat(join(folder, (await readdir(folder)).sort().at(-1) as string))).size;
    };
    for (const groups of [1, 2]) {
      for (let group = 0; group < 2; group++) await Promise.all(items(100).map((one) => journal.append(one)));
      expect([groups, await readied()]).toEqual([groups, 8192]);
    }
    journal.seal();
    await journal.append(item(0));
    journal.seal();
    await journal.append(item(1));
    expect(await readdir(folder)).toHaveLength(sealed.length + 1);
    await journal.close();
    expect(sealed.map(({ count }) => count)).toEqual([200, 200, 1, 1]);
    // What was ready and not needed takes no disk.
    expect(await Promise.all(sealed.map(async ({ file }) => (await stat(file)).size))).toEqual(
      sealed.map(({ sizeBytes }) => sizeBytes),
    );
  });

  it('has written and sealed what was appended when it is closed', async () => {
    const { journal, sealed } = await journalIn({
      openFile: (file) =>
        withWrite(file, async (write, bytes, part) => {
          await new Promise(setImmediate);
          return write(bytes, part);
        }),
    });
    const first = items(20).map((one) => journal.append(one));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const rest = items(40)
      .slice(20)
      .map((one) => journal.append(one));
    await journal.close();
    expect(await itemsIn(sealed)).toEqual(items(40));
    await Promise.all([...first, ...rest]);
  });

  it('leaves no empty files behind when it is closed', async () => {
    const { journal, folder } = await journalIn({ maxItems: 4 });
    for (const one of items(3)) await journal.append(one);
    await journal.close();
    expect(await readdir(folder)).toEqual(['000000001.scans']);
  });
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
