import { LRUCache } from 'lru-cache';
import type { CodeRow } from '../shared/adapters/database/code-store.ts';
import type { Forgotten } from '../shared/adapters/redis-channel.ts';
import { denyingRule, type HostRule } from '../shared/domain/host-rules.ts';
import { type KnownCode, knownCodeOf } from './known-code.ts';

/** A code that was asked for is trusted for so long; one that does not exist likewise. */
const freshMs = 1000;
const maxUnknown = 20_000;
/** What a code takes in memory beside its targets, measured; and what it may take on average. */
const bytesBesideTargets = 350;
const meanBytes = 1024;

type Known = { code: KnownCode; askedAt: number };

/** Null: it does not exist. */
export type Answer = KnownCode | null;

type Needs = {
  /** The most codes; with targets so long that they take more than 1 kB on average, fewer. */
  max: number;
  /** Hosts that no code leads to. */
  denied: readonly HostRule[];
  /** Process time, ms. */
  clock: () => number;
};

/** The codes that this process remembers by slug, the least recently used of them given up for others, and which slugs have none. */
export function createKnownCodes({ max, denied, clock }: Needs) {
  const known = new LRUCache<string, Known>({
    max,
    maxSize: max * meanBytes,
    sizeCalculation: ({ code }) => bytesBesideTargets + code.target.length + (code.fallbackTarget?.length ?? 0),
  });
  const unknown = new LRUCache<string, number>({ max: maxUnknown });
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
    known.set(slug, {
      code: withoutDenied(knownCodeOf(row), denied),
      askedAt: Math.max(askedAt, before?.askedAt ?? askedAt),
    });
    unknown.delete(slug);
  };

  return {
    learn,

    /** The code as it was last known, however long ago; undefined when it never was. */
    last: (slug: string): KnownCode | undefined => known.get(slug)?.code,

    /** The same, and it is none the more recently used for it. */
    peek: (slug: string): KnownCode | undefined => known.peek(slug)?.code,

    /** The code when it is fresh here, null when it is known not to exist; undefined when it must be looked up. */
    recall(slug: string): Answer | undefined {
      const now = clock();
      const entry = known.get(slug);
      if (entry) return now - entry.askedAt < freshMs ? entry.code : undefined;
      const absent = unknown.get(slug);
      return absent !== undefined && now - absent < freshMs ? null : undefined;
    },

    /** Takes in a code that was just made, if somebody asked for it already or there is room: it sends away none that is in use. */
    made(row: CodeRow, isAskedFor: boolean): void {
      if (isAskedFor || unknown.has(row.slug) || known.has(row.slug) || known.size < max) learn(row.slug, row, clock());
    },

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
        if (!known.has(code.slug))
          known.set(code.slug, { code: withoutDenied(code, denied), askedAt: Number.NEGATIVE_INFINITY });
    },

    /** What is known, the most recently used first. */
    codes: function* (): Generator<KnownCode> {
      for (const { code } of known.values()) yield code;
    },

    /** How many codes were seen for the first time or with a change; tells whether `codes` has anything new. */
    changes: (): number => changes,
  };
}

/** A host may have been denied after the code was made: such a target is as good as paused, such a fallback target as none. */
function withoutDenied(code: KnownCode, denied: readonly HostRule[]): KnownCode {
  if (denied.length === 0) return code;
  const isDenied = (target: string): boolean => denyingRule(new URL(target), denied) !== null;
  const { target, fallbackTarget, paused } = code;
  return {
    ...code,
    paused: paused || isDenied(target),
    fallbackTarget: fallbackTarget !== null && isDenied(fallbackTarget) ? null : fallbackTarget,
  };
}
