import type { CodeRow } from '../shared/adapters/database/code-store.ts';
import type { CodeChanges, RequestedCode } from '../shared/contract/code-request.ts';
import type { ImageOptions } from '../shared/contract/image-options.ts';

/** Who does something, and when (milliseconds since 1970). */
export type Author = { keyId: string; now: number };

type NewCode = {
  id: string;
  tenantId: string;
  slug: string;
  shortOrigin: string;
  imageOptions: ImageOptions;
  requested: RequestedCode;
};

/** Returns the row of a new code. */
export function newCodeRow({ requested, ...given }: NewCode, { keyId, now }: Author): CodeRow {
  const { target, fallbackTarget, title, tags, expiresAt, forwardQuery, externalId, metadata } = requested;
  return {
    ...given,
    current: { version: 1, target, from: now, changedBy: keyId },
    fallbackTarget,
    paused: false,
    archivedAt: null,
    expiresAt,
    forwardQuery,
    title,
    tags,
    externalId,
    metadata,
    batchId: null,
    revision: 1,
    createdAt: now,
    updatedAt: now,
    scanCount: 0,
    lastScannedAt: null,
  };
}

/** Returns the row leading to `target`: one version more, unless it leads there already. */
export function retargeted(row: CodeRow, target: string, { keyId, now }: Author): CodeRow {
  const { current } = row;
  if (target === current.target) return row;
  // Clocks of processes differ; a target's time never ends before it began.
  const from = Math.max(now, current.from);
  return { ...row, current: { version: current.version + 1, target, from, changedBy: keyId } };
}

/** Returns the row with the changes of a PATCH; their image options are given, as a logo may have had to be uploaded. */
export function changedRow(
  row: CodeRow,
  { target, status, imageOptions: _, ...others }: CodeChanges,
  imageOptions: ImageOptions,
  author: Author,
): CodeRow {
  const changed = { ...row, ...others, imageOptions, paused: status === undefined ? row.paused : status === 'paused' };
  return target === undefined ? changed : retargeted(changed, target, author);
}
