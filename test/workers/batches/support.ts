import { randomBytes } from 'node:crypto';
import { parseTask, taskWithJob } from '../../../shared/adapters/batch-tasks.ts';
import { checkCsv } from '../../../shared/adapters/check-csv.ts';
import { layoutFor } from '../../../shared/adapters/csv-file.ts';
import type { Batch, BatchRow } from '../../../shared/adapters/database/batch-store.ts';
import type { NewJob } from '../../../shared/adapters/queues.ts';
import { batchFileKey, batchId, batchPieceKey } from '../../../shared/domain/batches/batch-ids.ts';
import { createHandlers, type Handlers } from '../../../workers/handlers.ts';
import { newBatch } from '../../suites/database/batch-contract.ts';
import { runningJob, type TestDeps } from '../support/work-deps.ts';

/** Stores a file and accepts a batch of it, its parsing queued. */
export async function acceptBatch(deps: TestDeps, csv: string, more: Partial<Batch> = {}): Promise<Batch> {
  const id = batchId(deps.now(), randomBytes(16));
  const mode = more.mode ?? 'static';
  const shared = more.shared ?? {};
  const source = (async function* () {
    yield Buffer.from(csv);
  })();
  const reading = { hasTargets: mode !== 'static', shared: new Set(Object.keys(shared)) };
  const { rowCount, layout } = await checkCsv(source, deps.batches.csvLimits);
  await deps.objects.put(batchFileKey(id), Buffer.from(csv), { contentType: 'text/csv', durable: true });
  const file = { sizeBytes: Buffer.byteLength(csv), sha256: '', rowCount, layout: layoutFor(layout, reading) };
  const batch = newBatch({ tenantId: 't', createdAt: deps.now(), file, ...more, id, mode, shared });
  const task = taskWithJob(parseTask(batch), deps.now());
  await deps.database.batches.accept(batch, task);
  await deps.queues.add([{ name: 'parse-batch', payload: { taskId: task.id }, jobId: task.jobId }]);
  return batch;
}

export const urls = (count: number): string =>
  `url\n${Array.from({ length: count }, (_, index) => `https://example.com/${index + 1}`).join('\n')}\n`;

/**
 * Runs jobs in the order in which they were added, those that they add too, until none is left or `until` says stop. Nobody is
 * told: what is marked as to be told stays so.
 */
export async function work(
  deps: TestDeps,
  {
    handlers = createHandlers(deps),
    until = () => false,
  }: { handlers?: Handlers; until?: (job: NewJob) => boolean } = {},
): Promise<void> {
  for (let job = deps.queues.added.shift(); job; job = deps.queues.added.shift()) {
    if (until(job)) {
      deps.queues.added.unshift(job);
      return;
    }
    if (job.name !== 'relay-events') await runJob(handlers, job);
  }
}

export function runJob(
  handlers: Handlers,
  { name, payload, jobId }: NewJob,
  more: Parameters<typeof runningJob>[2] = {},
) {
  return handlers[name](payload as never, runningJob(name, payload, { id: jobId, ...more }));
}

export async function batchOf(deps: TestDeps, { id }: Batch): Promise<Batch> {
  return (await deps.database.batches.find(id)) as Batch;
}

export function rowsOf(deps: TestDeps, { id }: Batch): Promise<BatchRow[]> {
  return deps.database.batches.listRows(id, { status: null, after: 0, limit: 1000 });
}

/** The image of a completed row. */
export async function imageOf(deps: TestDeps, { batchId: id, result }: BatchRow): Promise<Buffer> {
  if (result === null) throw new Error('This row has no image');
  const piece = await deps.objects.get(batchPieceKey(id, result.piece));
  if (piece === null) throw new Error('The object of this row is not there');
  return piece.subarray(result.offset, result.offset + result.sizeBytes);
}
