import type { AuditRow } from '../../shared/adapters/database/audit-store.ts';
import type { Batch } from '../../shared/adapters/database/batch-store.ts';
import type { CodeRow, TargetVersion } from '../../shared/adapters/database/code-store.ts';
import { batchAuditId } from '../../shared/domain/batches/batch-ids.ts';
import { recordedChanges } from '../../shared/domain/recorded-changes.ts';
import type { BatchDeps } from './batch-deps.ts';

/** What a row did to a code; `before` null: it made it. */
export type CodeChange = { row: number; code: CodeRow; before: TargetVersion | null };

/**
 * Puts on record what rows did to codes, as done by the key that posted the batch and under its request, all in one write. Ids follow
 * from the batch and what it did: rows that run twice are on record once, and so is a change that two rows ask for.
 */
export async function recordCodes(deps: BatchDeps, batch: Batch, changes: CodeChange[]): Promise<void> {
  if (changes.length === 0) return;
  await deps.database.audit.insert(changes.map((change) => auditRowOf(deps, batch, change)));
}

function auditRowOf({ secretKey }: BatchDeps, batch: Batch, { row, code, before }: CodeChange): AuditRow {
  const { current, slug, title, tags, forwardQuery, externalId, batchId, imageOptions } = code;
  const { target, version, from } = current;
  const made = {
    slug,
    target,
    status: 'active',
    title,
    tags,
    forwardQuery,
    externalId,
    version,
    batchId,
    imageOptions,
  };
  return {
    id: batchAuditId(secretKey, batch.id, before === null ? row : { code: code.id, version }),
    tenantId: batch.tenantId,
    keyId: batch.createdBy,
    action: before === null ? 'code.create' : 'code.update',
    objectId: code.id,
    changes: recordedChanges('code', before, before === null ? made : { target, version }),
    requestId: batch.requestId ?? batch.id,
    createdAt: before === null ? code.createdAt : from,
  };
}
