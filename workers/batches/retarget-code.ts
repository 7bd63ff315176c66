import type { Batch } from '../../shared/adapters/database/batch-store.ts';
import type { CodeRow, TargetVersion } from '../../shared/adapters/database/code-store.ts';
import type { RowInput } from '../../shared/contract/row-input.ts';
import type { FieldChange } from '../../shared/domain/field-changes.ts';
import { shortened, unavailable, type WorkError } from '../../shared/errors.ts';
import type { BatchDeps } from './batch-deps.ts';

type RetargetInput = Extract<RowInput, { mode: 'retarget' }>;

const maxRounds = 20;

/** A change is on record within so much of its time: the API writes its record behind it. */
const recordedWithinMs = 60_000;

/** The code as it stands, and what it led to before this batch; null: the batch left it as it was. */
export type Retargeted = { code: CodeRow; before: TargetVersion | null };

/**
 * Leads a code to its new target; what it led to is in its history. One that leads there already stays as it is, so a row that
 * runs twice makes one version; and one that this batch led there and somebody led elsewhere since stays with that.
 */
export async function retargetCode(
  deps: BatchDeps,
  batch: Batch,
  input: RetargetInput,
): Promise<Retargeted | WorkError> {
  const { codes } = deps.database;
  const { code: named, target } = input;
  for (let round = 0; round < maxRounds; round++) {
    const code = await findNamed(deps, named);
    if (code?.tenantId !== batch.tenantId) return unknownCode(named);
    if (code.archivedAt !== null) return archivedCode(named);
    if (code.current.target !== target && (await hasLedBefore(deps, batch, { code, target })))
      return { code, before: null };
    if (code.current.target === target) return { code, before: await beforeThisBatch(deps, batch, code) };
    const at = Math.max(deps.now(), code.current.from, batch.createdAt);
    const current = { version: code.current.version + 1, target, from: at, changedBy: batch.createdBy };
    const next = { ...code, current, revision: code.revision + 1, updatedAt: at };
    if (await codes.replace(next)) return { code: next, before: code.current };
  }
  throw unavailable('database_unavailable', `A code was changed by others in ${maxRounds} tries to change it`);
}

/** Whether this batch led the code that a row names to the row's target, be it somewhere else since. */
export async function hasLed(deps: BatchDeps, batch: Batch, { code: named, target }: RetargetInput): Promise<boolean> {
  const code = await findNamed(deps, named);
  return code?.tenantId === batch.tenantId && (await hasLedBefore(deps, batch, { code, target }));
}

function findNamed({ database }: BatchDeps, named: RetargetInput['code']): Promise<CodeRow | null> {
  return 'id' in named ? database.codes.find(named.id) : database.codes.findBySlug(named.slug);
}

/** A run that was cut off led it there, perhaps, and somebody changed it since: that is the later word. */
async function hasLedBefore(
  { database }: BatchDeps,
  { createdAt, createdBy }: Batch,
  { code, target }: { code: CodeRow; target: string },
): Promise<boolean> {
  // Most codes were not changed since the batch came: no history is read for them.
  for (let before: TargetVersion | null = null; (before ?? code.current).from >= createdAt; ) {
    const page: TargetVersion[] = await database.codes.history(code, { limit: 50, before: before?.version ?? null });
    if (page.some((led) => led.target === target && led.changedBy === createdBy && led.from >= createdAt)) return true;
    before = page.at(-1) ?? null;
    if (before === null || page.length < 50) return false;
  }
  return false;
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

function unknownCode(named: RetargetInput['code']): WorkError {
  const { field, came, pointer } = shown(named);
  return {
    code: 'unknown_code',
    detail: `${field} must be that of a code; there is none with the ${field} ${came}`,
    pointer,
  };
}

function archivedCode(named: RetargetInput['code']): WorkError {
  const { field, came, pointer } = shown(named);
  const detail = `The code with the ${field} ${came} is archived; restore it, then give it a new target`;
  return { code: 'code_archived', detail, pointer };
}

function shown(named: RetargetInput['code']): { field: string; came: string; pointer: string } {
  const [field, came] = 'id' in named ? ['id', named.id] : ['slug', named.slug];
  return { field, came: JSON.stringify(shortened(came)), pointer: `/${field}` };
}
