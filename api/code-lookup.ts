import type { CodeRow } from '../shared/adapters/database/code-store.ts';
import type { HostRule } from '../shared/domain/host-rules.ts';
import { unavailable } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import { type Answer, createKnownCodes } from './known-codes.ts';

/** Who has an older answer waits so long for a newer one. */
const patienceMs = 250;
/** Who has none waits so long; a look-up that takes longer counts as failed. */
const coldPatienceMs = 2000;
/** A database that is not there yet is waited for so long in all: then what an earlier process knew is good enough. */
const connectingMs = 2000;
/** After a failure the database is left alone for so long, and after a late answer by those who have an older one. */
const restMs = 1000;
/** Look-ups at once that nobody waits for. */
const mostUnawaited = 100;

type Needs = {
  /** Throws, or takes long, while the database is away. */
  findBySlug: (slug: string) => Promise<CodeRow | null>;
  log: Log;
  /** The most codes to remember. */
  maxKnown: number;
  /** Hosts that no code leads to, although it was made with one. */
  denied: readonly HostRule[];
  /** Whether the database has yet to be connected: then `connected` must be called. */
  isConnecting?: boolean;
  /** Process time, ms: never goes back. */
  clock?: () => number;
};

export type CodeLookup = ReturnType<typeof createCodeLookup>;

/**
 * Knows codes by slug: from memory for a second, then from the database; look-ups of one slug at the same time share one query.
 *
 * When the database is slow, who has an older answer gets that, and the newer one is learnt when it comes. When it is away, what was ever known here goes on answering, however
 * old, and nobody waits for it: after a failure it is left alone for a second, then one look-up tries whether it is back.
 */
export function createCodeLookup(needs: Needs) {
  const { findBySlug, log, maxKnown, denied, isConnecting = false, clock = () => performance.now() } = needs;
  const known = createKnownCodes({ max: maxKnown, denied, clock });
  const asking = new Map<string, Promise<Answer>>();
  const connecting = isConnecting ? createHold(connectingMs) : null;
  let isAway = false;
  let restsUntil = Number.NEGATIVE_INFINITY;
  let isSlow = false;
  let isSlowUntil = Number.NEGATIVE_INFINITY;
  let answeredAt = Number.NEGATIVE_INFINITY;

  const goneAway = (err: unknown): void => {
    if (!isAway) log.warn({ err }, 'codes cannot be looked up: known ones go on answering');
    isAway = true;
    restsUntil = clock() + restMs;
  };

  const isBack = (): void => {
    if (isAway) log.info('codes can be looked up again');
    isAway = false;
  };

  const ask = async (slug: string): Promise<Answer> => {
    const askedAt = clock();
    // This one tries for all.
    if (isAway) restsUntil = askedAt + restMs;
    if (isSlow) isSlowUntil = askedAt + restMs;
    try {
      known.learn(slug, await findBySlug(slug), askedAt);
      answeredAt = clock();
      isSlow = answeredAt - askedAt > patienceMs;
      isBack();
      return known.last(slug) ?? null;
    } catch (err) {
      goneAway(err);
      throw err;
    } finally {
      asking.delete(slug);
    }
  };

  const askOnce = (slug: string): Promise<Answer> => {
    const running = asking.get(slug);
    if (running) return running;
    const asked = ask(slug);
    asked.catch(() => undefined); // whoever waits may have gone by then
    asking.set(slug, asked);
    return asked;
  };

  const asBefore = (slug: string, cause?: unknown): Answer => {
    const last = known.last(slug);
    if (last) return last;
    throw unavailable('codes_unavailable', 'This code cannot be looked up at present: try again shortly', cause, 2);
  };

  /** One late answer makes nobody else go without: others that came meanwhile show that the database is there. */
  const late = (slug: string, { askedAt, waitedMs }: { askedAt: number; waitedMs: number }): void => {
    asking.delete(slug);
    isSlow = true;
    isSlowUntil = clock() + restMs;
    if (waitedMs === coldPatienceMs && answeredAt <= askedAt) goneAway(new Error(`No answer within ${waitedMs} ms`));
  };

  return {
    /** The code when it is fresh here, null when it is known not to exist; undefined when it must be looked up. */
    recall: known.recall,

    /**
     * Looks the code up; null when there is none.
     *
     * @throws AppError `unavailable` within 2 s (4 s while the database is first connected) when the database cannot tell and the
     *   code was never seen here
     */
    async find(slug: string): Promise<Answer> {
      await connecting?.passed();
      const askedAt = clock();
      const hasOlder = known.last(slug) !== undefined;
      if (isAway && askedAt < restsUntil) return asBefore(slug);
      if (hasOlder && isSlow && askedAt < isSlowUntil) {
        if (asking.size < mostUnawaited) void askOnce(slug);
        return asBefore(slug);
      }
      const waitedMs = hasOlder ? patienceMs : coldPatienceMs;
      try {
        return await inTime(askOnce(slug), waitedMs, () => late(slug, { askedAt, waitedMs }));
      } catch (cause) {
        return asBefore(slug, cause);
      }
    },

    /** Says that the database is there: look-ups need not wait any longer. */
    connected(): void {
      isBack();
      restsUntil = Number.NEGATIVE_INFINITY;
      connecting?.letGo();
    },

    /** Puts a code that was changed here in at once. */
    changed: (row: CodeRow): void => known.learn(row.slug, row, clock()),

    /**
     * Looks up a code that is known here and was changed elsewhere, whether somebody scans it or not: were the database to go away
     * first, it would lead to its old place. Answers it when that is news, else null; so too when the database cannot tell.
     */
    async renew(slug: string): Promise<Answer> {
      await asking.get(slug)?.catch(() => undefined); // it may have been asked before the change
      const before = known.peek(slug);
      if (before === undefined || (isAway && clock() < restsUntil)) return null;
      const found = await askOnce(slug).catch(() => null);
      return found?.revision === before.revision ? null : found;
    },

    /** Knows a code that was made here. */
    made: (row: CodeRow): void => known.made(row, asking.has(row.slug)),

    forget: known.forget,
    remember: known.remember,
    codes: known.codes,
    changes: known.changes,
  };
}

/** Holds everyone until it is let go, or `mostMs` after the first one came. */
function createHold(mostMs: number): { passed: () => Promise<void>; letGo: () => void } {
  let letGo = (): void => undefined;
  let timer: NodeJS.Timeout | null = null;
  const isLetGo = new Promise<void>((resolve) => {
    letGo = () => {
      if (timer) clearTimeout(timer);
      resolve();
    };
  });
  return {
    letGo,
    passed(): Promise<void> {
      timer ??= setTimeout(letGo, mostMs);
      return isLetGo;
    },
  };
}

/** @throws when `asked` has not settled within `patience` ms, after calling `late` */
function inTime(asked: Promise<Answer>, patience: number, late: () => void): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isSettled = false;
    const giveUp = (): void => {
      if (isSettled) return;
      late();
      reject(new Error('The database took too long'));
    };
    // A late timer may mean that our own loop was blocked: answers that wait to be read come first.
    const timer = setTimeout(() => setImmediate(giveUp), patience);
    asked.then(resolve, reject).finally(() => {
      isSettled = true;
      clearTimeout(timer);
    });
  });
}
