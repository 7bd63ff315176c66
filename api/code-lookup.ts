import { LRUCache } from 'lru-cache';
import type { CodeRow } from '../shared/adapters/database/code-store.ts';
import type { Forgotten } from '../shared/adapters/redis-channel.ts';
import { unavailable } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import { type KnownCode, knownCodeOf } from './known-code.ts';

/** A code that was asked for is trusted for so long; one that does not exist likewise. */
const freshMs = 1000;
/** Codes that are remembered: about 30 MB. */
const maxKnown = 50_000;
const maxUnknown = 20_000;
/** A look-up that takes longer counts as failed for whoever waits for it. */
const patienceMs = 250;
/** After a failure the database is left alone for so long. */
const restMs = 1000;

type Needs = {
  /** Throws, or takes long, while the database is away. */
  findBySlug: (slug: string) => Promise<CodeRow | null>;
  log: Log;
  /** Process time, ms: never goes back. */
  clock?: () => number;
};

type Known = { code: KnownCode; askedAt: number };
type Answer = KnownCode | null;

export type CodeLookup = ReturnType<typeof createCodeLookup>;

/**
 * Knows codes by slug: from memory for a second, then from the database; look-ups of one slug at the same time share one query.
 *
 * When the database is away or slow, what was ever known here goes on answering, however old, and nobody waits for it: after a
 * failure it is left alone for a second, then one look-up tries whether it is back.
 */
export function createCodeLookup({ findBySlug, log, clock = () => performance.now() }: Needs) {
  const known = new LRUCache<string, Known>({ max: maxKnown });
  const unknown = new LRUCache<string, number>({ max: maxUnknown });
  const asking = new Map<string, Promise<Answer>>();
  let restsUntil = Number.NEGATIVE_INFINITY;
  let isAway = false;
  let changes = 0;

  /** An answer that was asked for before another that is here already tells nothing new. */
  const learn = (slug: string, row: CodeRow | null, askedAt: number): void => {
    const before = known.peek(slug);
    if (row === null) {
      if (before === undefined || before.askedAt < askedAt) known.delete(slug);
      if (!known.has(slug)) unknown.set(slug, askedAt);
      return;
    }
    if (before && before.code.revision > row.revision) return;
    if (before?.code.revision !== row.revision) changes++;
    known.set(slug, { code: knownCodeOf(row), askedAt: Math.max(askedAt, before?.askedAt ?? askedAt) });
    unknown.delete(slug);
  };

  const goneAway = (err: unknown): void => {
    if (!isAway) log.warn({ err }, 'codes cannot be looked up: known ones go on answering');
    isAway = true;
    restsUntil = clock() + restMs;
  };

  const ask = async (slug: string): Promise<Answer> => {
    const askedAt = clock();
    if (isAway) restsUntil = askedAt + restMs; // this one tries for all
    try {
      learn(slug, await findBySlug(slug), askedAt);
      if (isAway) log.info('codes can be looked up again');
      isAway = false;
      return known.get(slug)?.code ?? null;
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
    const last = known.get(slug);
    if (last) return last.code;
    throw unavailable('codes_unavailable', 'This code cannot be looked up at present: try again shortly', cause, 2);
  };

  return {
    /** The code when it is fresh here, null when it is known not to exist; undefined when it must be looked up. */
    recall(slug: string): Answer | undefined {
      const now = clock();
      const entry = known.get(slug);
      if (entry) return now - entry.askedAt < freshMs ? entry.code : undefined;
      const absent = unknown.get(slug);
      return absent !== undefined && now - absent < freshMs ? null : undefined;
    },

    /**
     * Looks the code up; null when there is none.
     *
     * @throws AppError `unavailable` within 250 ms when the database cannot tell and the code was never seen here
     */
    async find(slug: string): Promise<Answer> {
      if (isAway && clock() < restsUntil) return asBefore(slug);
      try {
        return await inTime(askOnce(slug), () => {
          asking.delete(slug);
          goneAway(new Error(`No answer within ${patienceMs} ms`));
        });
      } catch (cause) {
        return asBefore(slug, cause);
      }
    },

    /** Puts a code that was made or changed here in at once. */
    changed: (row: CodeRow): void => learn(row.slug, row, clock()),

    /** Forgets codes by slug, or all of them: they are looked up anew. */
    forget(what: Forgotten): void {
      for (const slug of what === 'all' ? [...known.keys(), ...unknown.keys()] : what) {
        known.delete(slug);
        unknown.delete(slug);
      }
    },

    /** Remembers codes that an earlier process knew; each is looked up when it is asked for. */
    remember(codes: Iterable<KnownCode>): void {
      for (const code of codes)
        if (!known.has(code.slug)) known.set(code.slug, { code, askedAt: Number.NEGATIVE_INFINITY });
    },

    /** What is known, the most recently used first. */
    codes: function* (): Generator<KnownCode> {
      for (const { code } of known.values()) yield code;
    },

    /** How many codes were seen for the first time or with a change; tells whether `codes` has anything new. */
    changes: (): number => changes,
  };
}

/** @throws when `asked` has not settled within the patience, after calling `late` */
function inTime(asked: Promise<Answer>, late: () => void): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isSettled = false;
    const giveUp = (): void => {
      if (isSettled) return;
      late();
      reject(new Error('The database took too long'));
    };
    // A late timer may mean that our own loop was blocked: answers that wait to be read come first.
    const timer = setTimeout(() => setImmediate(giveUp), patienceMs);
    asked.then(resolve, reject).finally(() => {
      isSettled = true;
      clearTimeout(timer);
    });
  });
}
