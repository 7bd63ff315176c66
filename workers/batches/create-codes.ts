import type { Batch, BatchRow } from '../../shared/adapters/database/batch-store.ts';
import type { CodeRow } from '../../shared/adapters/database/code-store.ts';
import type { RowInput } from '../../shared/contract/row-input.ts';
import { batchCodeId, batchSlug } from '../../shared/domain/batches/batch-ids.ts';
import type { WorkError } from '../../shared/errors.ts';
import type { BatchDeps } from './batch-deps.ts';

type DynamicInput = Extract<RowInput, { mode: 'dynamic' }>;
export type DynamicRow = BatchRow & { input: DynamicInput };

/** Of a billion codes one slug in 600 is taken: nobody misses so often. */
const maxAttempts = 10;

const slugTaken = (slug: string): WorkError => ({
  code: 'slug_taken',
  detail: `slug must be one that no code has or had, and ${JSON.stringify(slug)} is taken; leave it empty for a random one.`,
  pointer: '/slug',
});

/**
 * Makes the codes of rows. Ids, and slugs where the row names none, follow from batch and row, so that a row which runs twice
 * finds the code that it made.
 *
 * @returns for each row number the code as it is stored, or why there is none
 */
export async function createCodes(
  deps: BatchDeps,
  batch: Batch,
  rows: DynamicRow[],
): Promise<Map<number, CodeRow | WorkError>> {
  const { codes } = deps.database;
  const made = new Map<number, CodeRow | WorkError>();
  let pending = rows;
  for (let attempt = 1; pending.length > 0 && attempt <= maxAttempts; attempt++) {
    const wanted = pending.map((row) => codeOf(deps, batch, { row, attempt }));
    const answers = await codes.insert(wanted);
    const known = wanted.filter((_, index) => answers[index] === 'exists').map(({ id }) => id);
    const stored = new Map((await codes.findMany(known)).map((code) => [code.id, code]));
    const missed: DynamicRow[] = [];
    pending.forEach((row, index) => {
      const code = wanted[index] as CodeRow;
      if (answers[index] === 'slug-taken' && row.input.slug === null) missed.push(row);
      else made.set(row.row, answers[index] === 'slug-taken' ? slugTaken(code.slug) : (stored.get(code.id) ?? code));
    });
    pending = missed;
  }
  if (pending.length > 0) throw new Error(`No free slug in ${maxAttempts} attempts for ${pending.length} rows`);
  return made;
}

function codeOf(
  { secretKey, batches, now }: BatchDeps,
  batch: Batch,
  { row: { row, input }, attempt }: { row: DynamicRow; attempt: number },
): CodeRow {
  const at = now();
  return {
    id: batchCodeId(secretKey, batch.id, row),
    tenantId: batch.tenantId,
    slug: input.slug ?? batchSlug(secretKey, { batch: batch.id, row, attempt }),
    shortOrigin: batches.shortOrigin,
    current: { version: 1, target: input.target, from: at, changedBy: batch.createdBy },
    fallbackTarget: null,
    paused: false,
    archivedAt: null,
    expiresAt: null,
    forwardQuery: false,
    title: input.title,
    tags: input.tags,
    imageOptions: input.options,
    externalId: input.externalId,
    metadata: {},
    batchId: batch.id,
    revision: 1,
    createdAt: at,
    updatedAt: at,
    scanCount: 0,
    lastScannedAt: null,
  };
}
