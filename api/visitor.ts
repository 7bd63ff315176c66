import { randomBytes } from 'node:crypto';
import type { Database } from '../shared/adapters/database/database.ts';
import { utcDay, writtenDay } from '../shared/domain/scans/visitor.ts';
import type { Log } from '../shared/log.ts';

const prefix = 'salt:';
const everyMs = 60_000;
const retryMs = 2000;
/** A day's salt goes so long after the day: clocks of other processes may be late. */
const keptMs = 60 * 60 * 1000;

type Needs = {
  settings: Pick<Database, 'claimSetting' | 'listSettings' | 'removeSettings'>;
  log: Log;
  now: () => number;
};

export type DailySalts = ReturnType<typeof createDailySalts>;

/**
 * Keeps the salts of the days: random, the same for all processes on one database, made a day ahead so that a database that is
 * away at midnight does not matter, deleted an hour after their day.
 */
export function createDailySalts({ settings, log, now }: Needs) {
  const salts = new Map<number, string>();
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  const refresh = async (): Promise<void> => {
    const today = utcDay(now());
    for (const day of [today, today + 1])
      if (!salts.has(day)) {
        const made = randomBytes(32).toString('base64url');
        salts.set(day, await settings.claimSetting(`${prefix}${writtenDay(day)}`, made));
      }
    const oldest = utcDay(now() - keptMs);
    for (const day of salts.keys()) if (day < oldest) salts.delete(day);
    const names = (await settings.listSettings(prefix)).map(({ name }) => name);
    const over = names.filter((name) => name < `${prefix}${writtenDay(oldest)}`);
    if (over.length > 0) await settings.removeSettings(over);
  };

  return {
    /** The salt of the time's UTC day; null when none could be had yet. */
    at: (time: number): string | null => salts.get(utcDay(time)) ?? null,

    /** Fetches today's and tomorrow's, and goes on every minute; sooner when that did not work out. */
    async start(): Promise<void> {
      const inOrder = await refresh().then(
        () => true,
        (err: unknown) => log.warn({ err }, 'daily salts not looked after this time'),
      );
      if (!stopped) timer = setTimeout(() => void this.start(), inOrder ? everyMs : retryMs);
    },
    stop(): void {
      stopped = true;
      if (timer) clearTimeout(timer);
    },

    /** Today's and tomorrow's by the number of their day, to be kept on the disk. */
    known: (): [day: number, salt: string][] => [...salts].filter(([day]) => day >= utcDay(now())),
    /** Remembers what an earlier process knew. */
    remember(earlier: [day: number, salt: string][]): void {
      for (const [day, salt] of earlier) if (day >= utcDay(now()) && !salts.has(day)) salts.set(day, salt);
    },
  };
}
