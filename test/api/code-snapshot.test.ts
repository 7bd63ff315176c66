import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { createCodeLookup } from '../../api/code-lookup.ts';
import { createCodeSnapshot } from '../../api/code-snapshot.ts';
import { knownCodeOf } from '../../api/known-code.ts';
import { createSuspendedTenants } from '../../api/suspended-tenants.ts';
import type { DailySalts } from '../../api/visitor.ts';
import { temporaryFolder } from '../support/servers.ts';
import { codeRow } from './support/code-row.ts';

const log = pino({ level: 'silent' });

/** What a process has of the salts. */
function saltsInMemory(known: [number, string][] = []): DailySalts {
  return {
    at: () => null,
    start: async () => undefined,
    stop: () => undefined,
    known: () => known,
    remember: (earlier) => known.push(...earlier),
  };
}

function processIn(dataDir: string, salts = saltsInMemory()) {
  const findBySlug = async () => Promise.reject(new Error('away'));
  const lookup = createCodeLookup({ findBySlug, log, maxKnown: 50_000, denied: [] });
  const store = { suspended: async (): Promise<string[]> => [] };
  const suspended = createSuspendedTenants({ store, log, onChange: () => void snapshot.save() });
  const snapshot = createCodeSnapshot({ dataDir, lookup, salts, suspended, log });
  return { lookup, salts, store, suspended, snapshot };
}

describe('the codes on the disk', () => {
  it('are what the next process knows, the most recently used with the most right to stay, and the salts with them', async () => {
    const dataDir = await temporaryFolder();
    const first = processIn(
      dataDir,
      saltsInMemory([
        [20_781, 'today'],
        [20_782, 'tomorrow'],
      ]),
    );
    for (let count = 0; count < 1200; count++)
      first.lookup.changed(codeRow({ slug: `slug${count}`, target: `https://example.com/ä${count}`, revision: 7 }));
    await first.snapshot.stop();

    const next = processIn(dataDir);
    expect(await next.snapshot.load()).toBe(1200);
    expect([...next.lookup.codes()]).toEqual([...first.lookup.codes()]);
    expect(next.lookup.recall('slug7')).toBe(undefined);
    expect((await next.lookup.find('slug7'))?.target).toBe('https://example.com/ä7');
    expect(next.salts.known()).toEqual([
      [20_781, 'today'],
      [20_782, 'tomorrow'],
    ]);
  });

  it('have with them who is suspended, from the moment that this is known', async () => {
    const dataDir = await temporaryFolder();
    const first = processIn(dataDir);
    first.store.suspended = async () => ['tnt_b', 'tnt_a'];
    await first.suspended.refresh();
    const next = processIn(dataDir);
    // The first process is killed here: nothing of it is stopped.
    await vi.waitFor(async () => {
      await next.snapshot.load();
      expect(next.suspended.known()).toEqual(['tnt_a', 'tnt_b']);
    });
    next.store.suspended = () => Promise.reject(new Error('away'));
    await next.suspended.refresh();
    expect(next.suspended.has('tnt_a')).toBe(true);

    next.store.suspended = async () => [];
    await next.suspended.refresh();
    await next.snapshot.stop();
    const last = processIn(dataDir);
    await last.snapshot.load();
    expect(last.suspended.known()).toEqual([]);
  });

  it('are as they were last changed, also when the process is killed right after', async () => {
    const dataDir = await temporaryFolder();
    const first = processIn(dataDir);
    first.lookup.changed(codeRow());
    first.lookup.changed(codeRow({ slug: 'other' }));
    await first.snapshot.save();
    const changed = codeRow({ revision: 2, target: 'https://example.com/new' });
    first.lookup.changed(changed);
    first.snapshot.note(knownCodeOf(changed));
    // The first process is killed here: nothing of it is stopped.
    await vi.waitFor(async () => {
      const next = processIn(dataDir);
      expect(await next.snapshot.load()).toBe(2);
      expect((await next.lookup.find(changed.slug))?.target).toBe('https://example.com/new');
    });
  });

  it("are for their owner's eyes only, whole, and leave nothing else behind", async () => {
    const dataDir = await temporaryFolder();
    const { lookup, snapshot } = processIn(dataDir);
    lookup.changed(codeRow());
    await snapshot.stop();
    expect(await readdir(dataDir)).toEqual(['known-codes']);
    expect((await stat(join(dataDir, 'known-codes'))).mode & 0o777).toBe(0o600);
  });

  it('are written only when something is new', async () => {
    const dataDir = await temporaryFolder();
    const { lookup, snapshot } = processIn(dataDir);
    lookup.changed(codeRow());
    await snapshot.stop();
    await writeFile(join(dataDir, 'known-codes'), 'untouched');
    lookup.changed(codeRow());
    await snapshot.stop();
    expect(await readFile(join(dataDir, 'known-codes'), 'utf8')).toBe('untouched');
    lookup.changed(codeRow({ revision: 2 }));
    await snapshot.stop();
    expect(await readFile(join(dataDir, 'known-codes'), 'utf8')).toContain('ab3de9xk');
  });

  it('are as good as none when there are none, and as many as can be read when they are damaged', async () => {
    const dataDir = await temporaryFolder();
    expect(await processIn(dataDir).snapshot.load()).toBe(0);
    const { lookup, snapshot } = processIn(dataDir);
    lookup.changed(codeRow({ slug: 'first' }));
    lookup.changed(codeRow({ slug: 'second' }));
    await snapshot.stop();
    const bytes = await readFile(join(dataDir, 'known-codes'));
    await writeFile(join(dataDir, 'known-codes'), bytes.subarray(0, bytes.length - 20));
    expect(await processIn(dataDir).snapshot.load()).toBe(1);
    await writeFile(join(dataDir, 'known-codes'), 'nonsense\n');
    expect(await processIn(dataDir).snapshot.load()).toBe(0);
  });
});
