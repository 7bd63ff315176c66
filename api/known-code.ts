import type { CodeRow } from '../shared/adapters/database/code-store.ts';

/** What the redirect needs of a code: kept in memory, and on the disk for the time that the database is away. */
export type KnownCode = {
  id: string;
  tenantId: string;
  slug: string;
  target: string;
  version: number;
  fallbackTarget: string | null;
  paused: boolean;
  archivedAt: number | null;
  expiresAt: number | null;
  forwardQuery: boolean;
  /** Whether the symbol says the short URL in upper case, so that the case of the path tells a scan from a link. */
  compact: boolean;
  revision: number;
};

/** Returns the part of a code's row that the redirect needs. */
export function knownCodeOf(row: CodeRow): KnownCode {
  const { id, tenantId, slug, current, fallbackTarget, paused, archivedAt, expiresAt, forwardQuery, revision } = row;
  return {
    id,
    tenantId,
    slug,
    target: current.target,
    version: current.version,
    fallbackTarget,
    paused,
    archivedAt,
    expiresAt,
    forwardQuery,
    compact: row.imageOptions.compact !== false,
    revision,
  };
}
