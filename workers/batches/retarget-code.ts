import type { Batch } from '../../shared/adapters/database/batch-store.ts';
import type { CodeRow } from '../../shared/adapters/database/code-store.ts';
import type { RowInput } from '../../shared/contract/batch-row.ts';
import { unavailable, type WorkError } from '../../shared/errors.ts';
import type { BatchDeps } from './batch-deps.ts';

type RetargetInput = Extract<RowInput, { mode: 'retarget' }>;

const maxRounds = 20;

/**
 * Leads a code to its new target; what it led to is in its history. One that leads there already stays as it is, so a row that
 * runs twice makes one version.
 */
export async function retargetCode(deps: BatchDeps, batch: Batch, input: RetargetInput): Promise<CodeRow | WorkError> {
  const { codes } = deps.database;
  const { code: named, target } = input;
  for (let round = 0; round < maxRounds; round++) {
    const code = 'id' in named ? await codes.find(named.id) : await codes.findBySlug(named.slug);
    if (code?.tenantId !== batch.tenantId) return unknownCode('id' in named ? '/id' : '/slug');
    if (code.archivedAt !== null) return archivedCode('id' in named ? '/id' : '/slug');
    if (code.current.target === target) return code;
    const at = Math.max(deps.now(), code.current.from);
    const current = { version: code.current.version + 1, target, from: at, changedBy: batch.createdBy };
    const next = { ...code, current, revision: code.revision + 1, updatedAt: at };
    if (await codes.replace(next)) return next;
  }
  throw unavailable('database_unavailable', `A code was changed by others in ${maxRounds} tries to change it`);
}

function unknownCode(pointer: string): WorkError {
  return { code: 'unknown_code', detail: `${pointer.slice(1)} must be that of a code; there is none`, pointer };
}

function archivedCode(pointer: string): WorkError {
  return { code: 'code_archived', detail: 'This code is archived; restore it, then give it a new target', pointer };
}
