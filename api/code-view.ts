import type { CodeRow, TargetVersion } from '../shared/adapters/database/code-store.ts';
import type { CodeAnswer, TargetVersionAnswer } from '../shared/contract/code-answer.ts';
import { codeStatus } from '../shared/domain/code-status.ts';
import { domainOf, encodedTextOf, shortUrlOf } from '../shared/domain/short-url.ts';

function timeOf(millis: number | null): string | null {
  return millis === null ? null : new Date(millis).toISOString();
}

/** Returns what the code's symbol says. */
export function symbolTextOf(row: Pick<CodeRow, 'shortOrigin' | 'slug' | 'imageOptions'>): string {
  return encodedTextOf(row, row.imageOptions.compact !== false);
}

/** Returns the code's entity tag: another one after each change that a user made; scans leave it as it is. */
export function codeEtag({ id, revision }: CodeRow): string {
  return `"${id}-${revision}"`;
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
    expiresAt: timeOf(row.expiresAt),
    externalId: row.externalId,
    metadata: row.metadata,
    batchId: row.batchId,
    scanCount: row.scanCount,
    lastScannedAt: timeOf(row.lastScannedAt),
    version: row.current.version,
    createdAt: new Date(row.createdAt).toISOString(),
    updatedAt: new Date(row.updatedAt).toISOString(),
  };
}

/** Shows targets, newest first: each led until the next newer one did, of which `newer` is the first's; null: none. */
export function historyAnswer(versions: TargetVersion[], newer: number | null): TargetVersionAnswer[] {
  return versions.map(({ version, target, from, changedBy }, index) => ({
    version,
    target,
    from: new Date(from).toISOString(),
    to: timeOf(versions[index - 1]?.from ?? newer),
    changedBy,
  }));
}
