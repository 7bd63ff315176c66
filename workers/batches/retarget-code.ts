import type { Batch } from '../../shared/adapters/database/batch-store.ts';
import type { CodeRow, TargetVersion } from '../../shared/adapters/database/code-store.ts';
import type { RowInput } from '../../shared/contract/batch-row.ts';
import type { FieldChange } from '../../shared/domain/field-changes.ts';
import { unavailable, type WorkError } from '../../shared/errors.ts';
import type { BatchDeps } from './batch-deps.ts';

type RetargetInput = Extract<RowInput, { mode: 'retarget' }>;

const maxRounds = 20;

/** A change is on record within so much of its time: the API writes its record behind it. */
const recordedWithinMs = 60_000;

/** The code as it stands, and what it led to before this batch; null: the batch left it as it was. */
export type Retargeted = { code: CodeRow; before: TargetVersion | null };

/**
 * Leads a code to its new target; what it led to is in its history. One that leads there already stays as it is, so a row that
 * runs twice makes one version.
 */
export async function retargetCode(
  deps: BatchDeps,
  batch: Batch,
  input: RetargetInput,
): Promise<Retargeted | WorkError> {
  const { codes } = deps.database;
  const { code: named, target } = input;
  for (let round = 0; round < maxRounds; round++) {
    const code = 'id' in named ? await codes.find(named.id) : await codes.findBySlug(named.slug);
    if (code?.tenantId !== batch.tenantId) return unknownCode('id' in named ? '/id' : '/slug');
    if (code.archivedAt !== null) return archivedCode('id' in named ? '/id' : '/slug');
    if (code.current.target === target) return { code, before: await beforeThisBatch(deps, batch, code) };
    const at = Math.max(deps.now(), code.current.from, batch.createdAt);
    const current = { version: code.current.version + 1, target, from: at, changedBy: batch.createdBy };
    const next = { ...code, current, revision: code.revision + 1, updatedAt: at };
    if (await codes.replace(next)) return { code: next, before: code.current };
  }
  throw unavailable('database_unavailable', `A code was changed by others in ${maxRounds} tries to change it`);
}

/** A run that was cut off may have led it there, and not come to put that on record. */
async function beforeThisBatch({ database }: BatchDeps, batch: Batch, { id, current }: CodeRow) {
  if (current.changedBy !== batch.createdBy || current.from < batch.createdAt || current.version === 1) return null;
  const recorded = await database.audit.list({
    tenantId: batch.tenantId,
    action: null,
    objectId: id,
    from: current.from - recordedWithinMs,
    to: current.from + recordedWithinMs,
    limit: 200,
    order: 'oldest-first',
    after: null,
  });
  const isThis = ({ field, after }: FieldChange) => field === 'version' && after === current.version;
  if (recorded.some(({ changes }) => changes.some(isThis))) return null;
  return (await database.codes.findTargets(id, [current.version - 1]))[0] ?? null;
}

function unknownCode(pointer: string): WorkError {
  return { code: 'unknown_code', detail: `${pointer.slice(1)} must be that of a code; there is none`, pointer };
}

function archivedCode(pointer: string): WorkError {
  return { code: 'code_archived', detail: 'This code is archived; restore it, then give it a new target', pointer };
}
