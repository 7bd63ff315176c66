import { constants } from 'node:fs';
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/client.ts';
import { isRoom, item, items, itemsIn, journalIn, withWrite } from '../support/journal-under-test.ts';

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
