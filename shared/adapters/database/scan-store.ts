import type { BreakdownPart, BucketCounts, EarlierVisitors } from '../../domain/scans/roll-up.ts';
import type { BucketRange, ScanDay } from '../../domain/scans/scan-day.ts';
import type { Millis } from './database.ts';

export type ScanSource = 'qr' | 'link';
export type ScanDevice = 'mobile' | 'tablet' | 'desktop' | 'other';

/** One scan in the ledger, under the id that was minted at the redirect. Holds no address. Unknown is null. */
export type ScanRow = {
  id: string;
  tenantId: string;
  codeId: string;
  at: Millis;
  /** Version of the target it was sent to; null when it was the fallback target. */
  version: number | null;
  fallbackTarget: string | null;
  source: ScanSource | null;
  country: string | null;
  city: string | null;
  /** Keyed hash with a salt of the UTC day and the code's id: tells visitors of one code on one day apart, nothing else. */
  visitor: string | null;
  device: ScanDevice | null;
  system: string | null;
  browser: string | null;
  /** Host. */
  referrer: string | null;
  /** Primary language subtag, lower case. */
  language: string | null;
  bot: boolean;
};

export type ScanPage = {
  limit: number;
  order: 'newest-first' | 'oldest-first';
  /** Ranges include `from`, exclude `to`. */
  from: Millis | null;
  to: Millis | null;
  bots: 'exclude' | 'include' | 'only';
  source: ScanSource | null;
  after: { at: Millis; id: string } | null;
};

/** Whose scans: one code's, those of several, or all of a tenant. */
export type ScanScope = { tenantId: string; codeIds: string[] | null };

/** A 15-minute UTC bucket whose roll-up may not tell what the ledger holds. `stamp` is new with every mark. */
export type DirtyBucket = { codeId: string; tenantId: string; start: Millis; stamp: string };

/** Whose days: one code's, or those of a tenant, all its codes together. */
export type DayOwner = { tenantId: string; codeId: string | null };

/** Returns whose days a scope's are when it has one owner only; null: there are several codes. */
export function ownerOfScope({ tenantId, codeIds }: ScanScope): DayOwner | null {
  if (codeIds === null) return { tenantId, codeId: null };
  const [codeId] = codeIds;
  return codeId !== undefined && codeIds.length === 1 ? { tenantId, codeId } : null;
}

/** Returns under which name an owner's spans are kept. */
export function spanOwner({ tenantId, codeId }: DayOwner): string {
  return codeId ?? `tenant ${tenantId}`;
}

/** A day as it is stored; `revision` counts its changes (1, 2 …). */
export type StoredDay = { day: Millis; rollUps: ScanDay; revision: number };

/**
 * Ledger, roll-ups, and what is known of delivered journal segments. Roll-ups are kept by UTC day, with a day's buckets.
 *
 * What is counted from the ledger follows from it: power loss may take its latest changes back, and then the marks are there again.
 */
export interface ScanStore {
  /**
   * Puts a segment's scans in the ledger (insert or ignore by id), marks every bucket whose roll-up they may change as dirty,
   * and notes the segment as recorded; durable when it returns, and harmless when repeated, in whatever step it was cut.
   * Buckets that are changed: the scan's own, and the later ones of the same visitor on that UTC day (its first scan may
   * have moved). At most 500 scans; an id always comes with the same code and time.
   */
  record(segmentId: string, scans: ScanRow[], now: Millis): Promise<void>;
  /** Which of these segments are recorded. */
  findRecorded(segmentIds: string[]): Promise<Set<string>>;
  forgetRecorded(segmentIds: string[]): Promise<void>;
  /** Forgets those recorded before `before`. */
  forgetRecordedBefore(before: Millis): Promise<void>;

  list(codeId: string, page: ScanPage): Promise<ScanRow[]>;
  /** Scans of a scope within a range, oldest first, page by page: for the edges of a range that cut a bucket. */
  listBetween(
    scope: ScanScope,
    range: { from: Millis; to: Millis },
    page: { limit: number; after: { at: Millis; id: string } | null },
  ): Promise<ScanRow[]>;
  /** In which parts these visitors of a code have scans in the range; who has none is left out. */
  visitorsBetween(codeId: string, visitors: string[], range: { from: Millis; to: Millis }): Promise<EarlierVisitors>;
  /** Codes of a tenant that have a scan in the range, each once, in any order. */
  codesBetween(tenantId: string, range: { from: Millis; to: Millis }): Promise<string[]>;

  /** Oldest mark first: a bucket that is marked again keeps its place. */
  dirtyBuckets(limit: number): Promise<DirtyBucket[]>;
  /** The marks of a code, or of a tenant, whose buckets begin in the range. */
  marksBetween(owner: DayOwner, range: { from: Millis; to: Millis }): Promise<DirtyBucket[]>;
  /** Removes those marks whose stamp is still this one. */
  clearMarks(marks: DirtyBucket[]): Promise<void>;
  /** Marks buckets. */
  mark(buckets: Omit<DirtyBucket, 'stamp'>[], now: Millis): Promise<void>;

  findDay(owner: DayOwner, day: Millis): Promise<StoredDay | null>;
  /** The days of several codes, in any order; those that have none are left out. At most 500 codes. */
  findDays(codeIds: string[], day: Millis): Promise<StoredDay[]>;
  /** Puts a day in the place of the one that has `revision` (0: none is stored); true when it did. Days are never removed. */
  replaceDay(owner: DayOwner, day: Millis, rollUps: ScanDay, revision: number): Promise<boolean>;
  /** What the days of codes come to, bots left out; in the order of `codeIds`. */
  totalsOf(codeIds: string[]): Promise<{ id: string; scanCount: number; lastScannedAt: Millis | null }[]>;

  /**
   * Counts over the scope, added up by the intervals that begin at `starts` (ascending, the first not behind `from`; null: by bucket);
   * ascending, those without scans left out. All times are multiples of 15 minutes.
   */
  readCounts(scope: ScanScope, range: BucketRange, starts: readonly number[] | null): Promise<BucketCounts[]>;
  /** Breakdowns over the scope, merged; bounds are multiples of 15 minutes. */
  readBreakdowns(scope: ScanScope, range: BucketRange): Promise<BreakdownPart[]>;

  /** Days that are stored, ascending, behind `after`: for recount. */
  daysOf(owner: DayOwner, page: { limit: number; after: Millis }): Promise<StoredDay[]>;
  /** The next code behind `after`, in the order of ids, that has scans or stored days: for recount. */
  nextCodeWithScans(after: string): Promise<{ codeId: string; tenantId: string } | null>;

  /** From when on the ledger holds every scan; what is before is frozen: it may be deleted and is never counted anew. 0 at first. */
  ledgerBegins(): Promise<Millis>;
  /** Lets the ledger begin at `day`, durably; it never begins earlier again. */
  closeLedgerBefore(day: Millis): Promise<void>;
  /** Deletes ledger rows before the ledger's beginning, at most `limit`; answers how many. Roll-ups stay. */
  purgeLedger(limit: number): Promise<number>;
}
