import { hash } from 'node:crypto';
import type { CodeRow, TargetVersion } from '../shared/adapters/database/code-store.ts';
import type { CodeAnswer, TargetVersionAnswer } from '../shared/contract/code-answer.ts';
import { codeStatus } from '../shared/domain/code-status.ts';
import { domainOf, encodedTextOf, shortUrlOf } from '../shared/domain/short-url.ts';
import { isoTime, isoTimeOrNull } from './iso-time.ts';

/** Returns what the code's symbol says. */
function symbolTextOf(row: Pick<CodeRow, 'shortOrigin' | 'slug' | 'imageOptions'>): string {
  return encodedTextOf(row, row.imageOptions.compact !== false);
}

/** The beginning of a code's entity tags: another one after each change that a user made; scans and the time leave it as it is. */
const revisionTag = ({ id, revision }: CodeRow): string => `"${id}-${revision}`;

/** Returns the entity tag of a code as it is shown: another one after each change, scans and the end of its time among them. */
export function codeEtag(row: CodeRow, shown: CodeAnswer): string {
  return `${revisionTag(row)}-${hash('sha256', JSON.stringify(shown), 'hex').slice(0, 16)}"`;
}

/** Tells whether an entity tag is of the code as users left it; scans since then are no change that they could overwrite. */
export function isCurrentTag(tag: string, row: CodeRow): boolean {
  return tag === `${revisionTag(row)}"` || (tag.startsWith(`${revisionTag(row)}-`) && tag.endsWith('"'));
}

/** Shows a code as it stands at `now` (milliseconds since 1970). */
export function codeAnswer(row: CodeRow, { publicUrl, now }: { publicUrl: string; now: number }): CodeAnswer {
  return {
    object: 'code',
    id: row.id,
    slug: row.slug,
    domain: domainOf(row),
    shortUrl: shortUrlOf(row),
    encodedText: symbolTextOf(row),
    target: row.current.target,
    fallbackTarget: row.fallbackTarget,
    status: codeStatus(row, now),
    title: row.title,
    tags: row.tags,
    imageOptions: row.imageOptions,
    image: { url: `${publicUrl}/v1/codes/${row.id}/image` },
    forwardQuery: row.forwardQuery,
    expiresAt: isoTimeOrNull(row.expiresAt),
    externalId: row.externalId,
    metadata: row.metadata,
    batchId: row.batchId,
    scanCount: row.scanCount,
    lastScannedAt: isoTimeOrNull(row.lastScannedAt),
    version: row.current.version,
    createdAt: isoTime(row.createdAt),
    updatedAt: isoTime(row.updatedAt),
  };
}

/** Shows targets, newest first: each led until the next newer one did, of which `newer` is the first's; null: none. */
export function historyAnswer(versions: TargetVersion[], newer: number | null): TargetVersionAnswer[] {
  return versions.map(({ version, target, from, changedBy }, index) => ({
    version,
    target,
    from: isoTime(from),
    to: isoTimeOrNull(versions[index - 1]?.from ?? newer),
    changedBy,
  }));
}
