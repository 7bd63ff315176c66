import { appendFile, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeLines, encodeLine } from '../shared/journal-lines.ts';
import type { Log } from '../shared/log.ts';
import type { CodeLookup } from './code-lookup.ts';
import type { KnownCode } from './known-code.ts';
import type { SuspendedTenants } from './suspended-tenants.ts';
import type { DailySalts } from './visitor.ts';

const everyMs = 60_000;
/** Written between two turns of the event loop: about a millisecond's work. */
const codesInTurn = 500;

type Line = { salts: [number, string][] } | { suspended: string[] } | { code: KnownCode };
type Facts = { lookup: CodeLookup; salts: DailySalts; suspended: Pick<SuspendedTenants, 'known' | 'remember'> };
type Needs = Facts & { dataDir: string; log: Log };

/**
 * Keeps the codes that are known here, the salts of today and tomorrow, and which tenants are suspended, in `dataDir`/known-codes for
 * a start without the database: readable by its owner only, whole or not at all.
 */
export function createCodeSnapshot({ dataDir, log, ...facts }: Needs) {
  const { lookup, salts, suspended } = facts;
  const file = join(dataDir, 'known-codes');
  let saved = '';
  let saving: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | null = null;
  let noted: KnownCode[] = [];
  const signature = (): string => JSON.stringify([lookup.changes(), salts.known(), suspended.known()]);

  const write = async (): Promise<void> => {
    const before = signature();
    if (before === saved) return;
    const partial = `${file}.${process.pid}`;
    const handle = await open(partial, 'w', 0o600);
    try {
      for await (const lines of linesOf(facts)) await handle.write(lines);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, file);
    saved = before;
  };
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    saving = saving.then(work).catch((err: unknown) => log.warn({ err }, 'known codes not saved this time'));
    return saving;
  };
  const save = (): Promise<void> => inTurn(write);
  const append = async (): Promise<void> => {
    const lines = noted.map((code) => encodeLine({ code } satisfies Line)).join('');
    noted = [];
    // On a line of its own, whatever a crash has left of the one before.
    await appendFile(file, `\n${lines}`, { mode: 0o600 });
  };

  return {
    /** Reads what is there, and answers how many codes that are; what cannot be read is as good as nothing. */
    async load(): Promise<number> {
      const bytes = await readFile(file).catch((err: NodeJS.ErrnoException) => {
        if (err.code !== 'ENOENT') log.warn({ err }, 'known codes not read');
        return Buffer.alloc(0);
      });
      const codes = new Map<string, KnownCode>();
      for (const line of decodeLines(bytes) as Line[]) {
        if ('code' in line) codes.set(line.code.slug, line.code);
        else if ('suspended' in line) suspended.remember(line.suspended);
        else salts.remember(line.salts);
      }
      lookup.remember([...codes.values()].reverse());
      return codes.size;
    },
    /** Appends a code that was changed here, so that no later process leads to where it led before; those of one moment together. */
    note(code: KnownCode): void {
      noted.push(code);
      if (noted.length === 1) void inTurn(append);
    },
    /** Saves every minute when something is new. */
    start(): void {
      timer = setInterval(() => void save(), everyMs);
    },
    /** Saves now: a tenant that was suspended must not come back because this process is killed within the minute. */
    save,
    /** Saves for the last time. */
    async stop(): Promise<void> {
      if (timer) clearInterval(timer);
      await save();
    },
  };
}

async function* linesOf({ lookup, salts, suspended }: Facts): AsyncGenerator<string> {
  yield encodeLine({ salts: salts.known() } satisfies Line);
  yield encodeLine({ suspended: suspended.known() } satisfies Line);
  const codes = [...lookup.codes()];
  for (let start = 0; start < codes.length; start += codesInTurn) {
    const turn = codes.slice(start, start + codesInTurn);
    yield turn.map((code) => encodeLine({ code } satisfies Line)).join('');
  }
}
