import type { CodeSort } from '../../contract/code-list.ts';
import type { ImageOptions } from '../../contract/image-options.ts';
import type { CodeStatus } from '../../domain/code-status.ts';
import type { Millis } from './database.ts';

/** One target that a code led to: immutable once written. The end of its time is the beginning of the next version's. */
export type TargetVersion = {
  /** 1, 2 … */
  version: number;
  target: string;
  from: Millis;
  /** Id of the key that set it. */
  changedBy: string;
};

export type CodeRow = {
  id: string;
  tenantId: string;
  /** Lower case; given once in the whole instance, never again. */
  slug: string;
  /** Origin of its short URL, as configured when it was made: `https://q.example.com`. */
  shortOrigin: string;
  /** Where it leads now; the earlier ones are its history. */
  current: TargetVersion;
  fallbackTarget: string | null;
  paused: boolean;
  archivedAt: Millis | null;
  expiresAt: Millis | null;
  forwardQuery: boolean;
  title: string | null;
  tags: string[];
  imageOptions: ImageOptions;
  externalId: string | null;
  metadata: Record<string, unknown>;
  batchId: string | null;
  /** Counts every change that a user made (1, 2 …); the ETag follows from it. Scans leave it alone. */
  revision: number;
  createdAt: Millis;
  updatedAt: Millis;
  /** Bots left out; written by the roll-up only. */
  scanCount: number;
  lastScannedAt: Millis | null;
};

export { type CodeSort, codeSorts } from '../../contract/code-list.ts';
export { type CodeStatus, codeStatuses } from '../../domain/code-status.ts';

export type CodeListQuery = {
  /** 1…200 */
  limit: number;
  sort: CodeSort;
  descending: boolean;
  /** Continue behind this row, in the order asked for; `value` is the row's value of `sort`. */
  after: { value: string | number | null; id: string } | null;
  /** Every word must begin a word of the code (search-words.ts), lower case. */
  words: string[];
  tag: string | null;
  /** Null: all but archived ones, unless slug or externalId is given. Precedence: archived, expired, paused, active. */
  status: CodeStatus | null;
  slug: string | null;
  externalId: string | null;
  batchId: string | null;
  now: Millis;
};

/** What came of one row's insert. `exists`: a row of this id is there already (the same insert came before). */
export type CodeInsert = 'inserted' | 'exists' | 'slug-taken';

export interface CodeStore {
  /** Inserts rows, each on its own; durable when it returns; answers in their order. At most 500 in a call. */
  insert(rows: CodeRow[]): Promise<CodeInsert[]>;
  /** Point look-up by id, hot; the caller compares tenants. */
  find(id: string): Promise<CodeRow | null>;
  /** Point look-up by slug (lower case), the redirect's own. */
  findBySlug(slug: string): Promise<CodeRow | null>;
  /** Those that exist, in any order. */
  findManyBySlug(slugs: string[]): Promise<CodeRow[]>;
  findMany(ids: string[]): Promise<CodeRow[]>;
  /**
   * Puts `next` in the place of the row of its id when that still has revision `next.revision - 1`; true when it did. When
   * the target version changes, the earlier one is in the history before. `slug`, `createdAt`, `scanCount` and
   * `lastScannedAt` stay as they are stored.
   */
  replace(next: CodeRow): Promise<boolean>;
  /** Earlier targets and the current one, newest first, behind version `before`. */
  history(code: CodeRow, page: { limit: number; before: number | null }): Promise<TargetVersion[]>;
  /** The versions asked for, in any order; those that never were are left out. */
  findTargets(codeId: string, versions: number[]): Promise<TargetVersion[]>;
  list(tenantId: string, query: CodeListQuery): Promise<CodeRow[]>;
  /** Ids of codes with this tag or of this batch (archived ones too), oldest first, behind the code `after`. */
  idsOf(
    tenantId: string,
    by: { tag: string } | { batchId: string },
    page: { limit: number; after: string | null },
  ): Promise<string[]>;
  /** Stores what the roll-up counted; no revision, no `updatedAt`. */
  setScanFacts(facts: { id: string; scanCount: number; lastScannedAt: Millis | null }[]): Promise<void>;
  /** Whether a code, archived or not, has this logo. */
  hasLogo(logoId: string): Promise<boolean>;
}
