import { endTask, startTask, wakeLanes } from '../../shared/adapters/batch-tasks.ts';
import { changeBatch, isOver } from '../../shared/adapters/change-batch.ts';
import { readCsv } from '../../shared/adapters/csv-file.ts';
import type { Batch, BatchRow } from '../../shared/adapters/database/batch-store.ts';
import { type ReadRow, readBatchRow } from '../../shared/contract/batch-row.ts';
import type { RowRules } from '../../shared/contract/row-input.ts';
import { batchChunkId, batchFileKey, batchRowId } from '../../shared/domain/batches/batch-ids.ts';
import { FileNames } from '../../shared/domain/batches/file-name.ts';
import { AppError, type WorkError } from '../../shared/errors.ts';
import type { BatchDeps } from './batch-deps.ts';
import { onTask, passOn, type TaskRun } from './on-task.ts';
import { nameOf } from './row-name.ts';

/** Rows of one chunk; also of one write, so that no writer waits long for another. */
export const rowsPerChunk = 200;

/** A file that takes its process down so often at one place is given up; not sooner, as processes die of other things too. */
const maxStalls = 10;

/**
 * Reads a batch's file into rows, and its rows into chunks; drawing begins with the first chunk. Reading it again gives the same
 * rows, names and chunks, so a run that was cut off goes on where it was. One that gets on passes the task to a new job: what its
 * process died of before was not this place of the file.
 */
export function createParseBatch(deps: BatchDeps) {
  const { batches } = deps.database;
  const run: TaskRun['run'] = async (task, job) => {
    const { batchId } = task;
    const batch = await changeBatch(batches, batchId ?? '', (found) =>
      found.status === 'queued' ? { status: 'running', startedAt: deps.now() } : null,
    );
    if (batch === null || isOver(batch) || batch.isParsed) return { verdict: 'done' };
    try {
      if (job.stalls >= maxStalls) throw new AppError('invalid', 'batch_crashed', crashed);
      if (batch.cancelledAt === null && (await parse(deps, batch, { untilProgress: job.stalls > 0 })) === 'got on') {
        await passOn(deps, task);
        return { verdict: 'done' };
      }
      deps.log.info({ requestId: batch.requestId, batchId: batch.id }, 'batch read');
    } catch (error) {
      const forGood = error instanceof AppError && error.kind !== 'unavailable';
      if (!forGood && !job.lastAttempt) throw error;
      await giveUp(
        deps,
        batch,
        forGood ? { code: error.code, detail: error.message, pointer: null } : storageUnavailable,
      );
    }
    return { verdict: 'done' };
  };
  // The end is decided when this task is closed, so that no row comes behind it.
  const afterwards: TaskRun['afterwards'] = async (task) => {
    await startTask(deps, endTask({ id: task.batchId ?? '', tenantId: task.tenantId }));
  };
  return onTask(deps, { run, afterwards });
}

const crashed = `Reading this file took its process down ${maxStalls} times at one place`;

const storageUnavailable: WorkError = {
  code: 'storage_unavailable',
  detail: 'The object store or the database did not answer for about an hour; send the file again',
  pointer: null,
};

async function giveUp({ database, log }: BatchDeps, { id, requestId }: Batch, error: WorkError): Promise<void> {
  log.warn({ requestId, batchId: id, code: error.code }, 'a batch could not be read');
  await changeBatch(database.batches, id, (batch) => (isOver(batch) ? null : { error }));
}

/** @param options.untilProgress stops when rows came to the table that were not there before */
async function parse(
  deps: BatchDeps,
  batch: Batch,
  { untilProgress }: { untilProgress: boolean },
): Promise<'got on' | 'over'> {
  const { database, objects, way } = deps;
  const { sizeBytes, layout } = batch.file;
  const stored = await objects.getStream(batchFileKey(batch.id), { offset: 0, sizeBytes });
  if (stored === null) throw new AppError('invalid', 'file_gone', 'The file of this batch is not there any more');
  const rows = readCsv(stored, deps.batches.csvLimits, layout);
  const rules = rulesOf(deps, batch);
  const toRow = createRowMaker(deps, batch);
  const known = await database.batches.lastRow(batch.id);
  // The last group that is there may have come to the table in part.
  const resumeAt = Math.max(0, known - rowsPerChunk);
  let group: Read[] = [];
  const store = async (): Promise<boolean> => {
    const slugs = await slugsOf(deps, batch, group);
    const made = group.map((read) => toRow(read, slugs));
    group = [];
    if ((made.at(-1)?.row ?? 0) > resumeAt) await storeGroup(deps, batch, made);
    const now = await database.batches.find(batch.id);
    return now !== null && now.cancelledAt === null && now.error === null;
  };
  for await (const { row, line, cells } of rows) {
    await way.giveWay();
    group.push({ row, line, ...readBatchRow(cells, rules) });
    if (group.length < rowsPerChunk) continue;
    if (!(await store())) return 'over';
    if (untilProgress && row > known) return 'got on';
  }
  if (group.length > 0) await store();
  await changeBatch(database.batches, batch.id, (found) => (isOver(found) ? null : { isParsed: true }));
  return 'over';
}

async function storeGroup(deps: BatchDeps, { id, tenantId, run }: Batch, rows: BatchRow[]): Promise<void> {
  const { batches } = deps.database;
  await batches.insertRows(rows);
  const drawn = rows.filter(({ status }) => status === 'queued').map(({ row }) => row);
  if (drawn.length === 0) return;
  const number = Math.ceil((rows[0]?.row ?? 1) / rowsPerChunk);
  const chunk = { id: batchChunkId(id, number), batchId: id, tenantId, rows: drawn, run };
  await batches.insertChunks([{ ...chunk, status: 'waiting', lane: null }]);
  await wakeLanes(deps, tenantId);
}

function rulesOf({ batches: { ownUrls, targetDeny }, now }: BatchDeps, { mode, shared, file }: Batch): RowRules {
  return { mode, shared, layout: file.layout, targets: { ownUrls, denied: targetDeny }, now: now() };
}

/** A row as it was read, before those that came before it are looked at. */
type Read = ReadRow & { row: number; line: number };

/** Returns the slugs of codes that rows name by their ids, where a file may name them either way. */
async function slugsOf(
  { database }: BatchDeps,
  { tenantId, file }: Batch,
  reads: Read[],
): Promise<Map<string, string>> {
  if (!file.layout.columns.some(({ field }) => field === 'slug')) return new Map();
  const ids = reads.flatMap(({ input }) => (input?.mode === 'retarget' && 'id' in input.code ? input.code.id : []));
  const codes = ids.length === 0 ? [] : await database.codes.findMany([...new Set(ids)]);
  return new Map(codes.filter((code) => code.tenantId === tenantId).map(({ id, slug }) => [id, slug]));
}

/** Makes the rows of one file, in order: names and doubles depend on those before. */
function createRowMaker({ now }: BatchDeps, batch: Batch) {
  const names = new FileNames();
  const seen = new Map<string, number>();

  const checked = (read: Read, slugs: ReadonlyMap<string, string>): Read => {
    if (read.input?.mode !== 'retarget') return read;
    const { code } = read.input;
    const key = 'id' in code ? (slugs.get(code.id) ?? code.id) : code.slug;
    const earlier = seen.get(key);
    if (earlier === undefined) {
      seen.set(key, read.line);
      return read;
    }
    const [pointer, came] = 'id' in code ? ['/id', code.id] : ['/slug', code.slug];
    const detail = `The code ${JSON.stringify(came)} stands in line ${earlier} already; a file gives each code one target`;
    return { ...read, input: null, error: { code: 'given_twice', detail, pointer } };
  };

  return (read: Read, slugs: ReadonlyMap<string, string>): BatchRow => {
    const { row, line, name, file, extra, input, error } = checked(read, slugs);
    return {
      id: batchRowId(batch.id, row),
      batchId: batch.id,
      row,
      line,
      name,
      file: nameOf(names, { name, file, row, input }),
      status: error === null ? 'queued' : 'failed',
      input,
      extra,
      run: batch.run,
      starts: 0,
      codeId: null,
      shortUrl: null,
      result: null,
      error,
      completedAt: error === null ? null : now(),
    };
  };
}
