import type { Batch, BatchRow } from '../../shared/adapters/database/batch-store.ts';
import type { CodeRow } from '../../shared/adapters/database/code-store.ts';
import { imageSpec } from '../../shared/contract/image-options.ts';
import type { RenderSpec } from '../../shared/domain/render-spec.ts';
import { encodedTextOf, shortUrlOf } from '../../shared/domain/short-url.ts';
import type { WorkError } from '../../shared/errors.ts';
import type { BatchDeps } from './batch-deps.ts';
import { createCodes, type DynamicRow } from './create-codes.ts';
import { type CodeChange, recordCodes } from './record-codes.ts';
import { type Retargeted, retargetCode } from './retarget-code.ts';

/** What is left to do for a row: its image, unless `spec` is null; or nothing, because it has failed. */
export type RowWork = { row: number; codeId: string | null; shortUrl: string | null } & (
  | { spec: RenderSpec | null; error: null }
  | { spec: null; error: WorkError }
);

const noCode = { codeId: null, shortUrl: null };

function isError(made: CodeRow | WorkError): made is WorkError {
  return !('slug' in made);
}

function isDynamic(row: BatchRow): row is DynamicRow {
  return row.input?.mode === 'dynamic';
}

/** Makes or retargets the codes of rows, puts that on record, and tells what image each row gets. The fewer rows, the less a crash leaves to the histories of their codes alone. */
export async function workOf(deps: BatchDeps, batch: Batch, rows: BatchRow[]): Promise<RowWork[]> {
  const codes = await createCodes(deps, batch, rows.filter(isDynamic));
  const works: RowWork[] = [];
  const changes: CodeChange[] = [];
  for (const { row, input } of rows) {
    await deps.way.giveWay();
    if (input?.mode === 'static') works.push({ row, ...noCode, spec: input.spec, error: null });
    else if (input?.mode === 'dynamic') {
      const made = codes.get(row) as CodeRow | WorkError;
      if (!isError(made)) changes.push({ row, code: made, before: null });
      works.push(imageOf(row, made));
    } else if (input?.mode === 'retarget') {
      const led = await retargetCode(deps, batch, input);
      if ('before' in led && led.before !== null) changes.push({ row, ...led, before: led.before });
      works.push(changed(row, led));
    }
  }
  announceLedElsewhere(deps, changes);
  await recordCodes(deps, batch, changes);
  return works;
}

/** Who does not hear of it learns it when the code is scanned there. */
function announceLedElsewhere({ queues, log }: BatchDeps, changes: CodeChange[]): void {
  const slugs = changes.flatMap(({ code, before }) => (before === null ? [] : [code.slug]));
  if (slugs.length === 0) return;
  queues.announceChanged(slugs).catch((err: unknown) => log.debug({ err }, 'changed codes were not announced'));
}

function imageOf(row: number, made: CodeRow | WorkError): RowWork {
  if (isError(made)) return { row, ...noCode, spec: null, error: made };
  const url = encodedTextOf(made, made.imageOptions.compact !== false);
  // A code's logo is an uploaded one.
  const spec = imageSpec({ type: 'url', url }, made.imageOptions) as RenderSpec;
  return { row, codeId: made.id, shortUrl: shortUrlOf(made), spec, error: null };
}

function changed(row: number, led: Retargeted | WorkError): RowWork {
  if (!('before' in led)) return { row, ...noCode, spec: null, error: led };
  return { row, codeId: led.code.id, shortUrl: shortUrlOf(led.code), spec: null, error: null };
}
