import { createHash } from 'node:crypto';
import { endTask, startTask } from '../../shared/adapters/batch-tasks.ts';
import { changeBatch, isOver } from '../../shared/adapters/change-batch.ts';
import type { ArchivePart, Batch, BatchRow, RowResult } from '../../shared/adapters/database/batch-store.ts';
import type { RunningJob } from '../../shared/adapters/job-worker.ts';
import { batchArchiveKey, batchPieceKey } from '../../shared/domain/batches/batch-ids.ts';
import { AppError, unavailable, type WorkError } from '../../shared/errors.ts';
import type { BatchDeps } from './batch-deps.ts';
import { Manifest } from './manifest.ts';
import { onTask, type TaskRun } from './on-task.ts';
import { type ZipEntry, zipOf } from './zip.ts';

/** Rows of one part, which so has at most as many images: archiver keeps half a kB of each in memory, and a crash redoes one part. */
export const mostRowsPerPart = 10_000;

const rowsAtOnce = 500;

/** A part that takes its process down so often at one place is given up; not sooner, as processes die of other things too. */
const maxStalls = 10;

type Image = { row: number; file: string; result: RowResult };

/**
 * Makes one part of a batch's archive when all its rows have ended: images and manifests, streamed from the object store into it.
 * Made again it has the same bytes, so two runs of one job write one object.
 */
export function createZipPart(deps: BatchDeps) {
  const { batches } = deps.database;
  const run: TaskRun['run'] = async ({ batchId, about }, job) => {
    const part = Number(about);
    const batch = await batches.find(batchId ?? '');
    if (batch === null || isOver(batch) || batch.error !== null || hasPart(batch, part)) return { verdict: 'done' };
    try {
      if (job.stalls - (job.reached?.stalls ?? 0) >= maxStalls)
        throw new AppError('invalid', 'archive_crashed', crashed);
      const made = await zipPart(deps, batch, { part, onPage: progressOf(job) });
      await changeBatch(batches, batch.id, (found) => {
        if (isOver(found) || found.run !== batch.run || hasPart(found, part)) return null;
        return { parts: [...found.parts, made].sort((a, b) => a.part - b.part) };
      });
    } catch (error) {
      const forGood = error instanceof AppError && error.kind !== 'unavailable';
      if (!forGood && !job.lastAttempt) throw error;
      deps.log.warn(
        { err: error, requestId: batch.requestId, batchId: batch.id, part },
        'a part of an archive could not be made',
      );
      const { code, message } = forGood ? error : storageUnavailable;
      const reason: WorkError = { code, detail: message, pointer: null };
      await changeBatch(batches, batch.id, (found) => (isOver(found) ? null : { error: reason }));
    }
    return { verdict: 'done' };
  };
  const afterwards: TaskRun['afterwards'] = async (task) => {
    await startTask(deps, endTask({ id: task.batchId ?? '', tenantId: task.tenantId }));
  };
  return onTask(deps, { run, afterwards });
}

/** Counts pages; one that no run before came to is noted, where the process died before: what it died of is not there. */
function progressOf(job: RunningJob): () => void {
  const { stalls, reached } = job;
  let pages = 0;
  return () => {
    if (++pages > (reached?.step ?? 0) && stalls > 0) job.noteReached({ step: pages, stalls });
  };
}

const crashed = `Making the archive took its process down ${maxStalls} times at one place`;

const storageUnavailable = unavailable(
  'storage_unavailable',
  'The object store or the database did not answer for about an hour while the archive was made',
);

function hasPart({ parts }: Batch, part: number): boolean {
  return parts.some((made) => made.part === part);
}

async function zipPart(
  deps: BatchDeps,
  batch: Batch,
  { part, onPage }: { part: number; onPage: () => void },
): Promise<ArchivePart> {
  const { rowsPerPart } = deps.batches;
  const firstRow = (part - 1) * rowsPerPart + 1;
  const lastRow = Math.min(part * rowsPerPart, await deps.database.batches.lastRow(batch.id));
  const digest = createHash('sha256');
  let sizeBytes = 0;
  const measured = async function* (): AsyncGenerator<Buffer, void> {
    for await (const chunk of zipOf(entriesOf(deps, batch, { firstRow, lastRow, onPage }), new Date(batch.createdAt))) {
      digest.update(chunk);
      sizeBytes += chunk.length;
      yield chunk;
    }
  };
  const key = batchArchiveKey(batch.id, { run: batch.run, part });
  await deps.objects.putStream(key, measured(), { contentType: 'application/zip' });
  return { part, sizeBytes, sha256: digest.digest('hex'), firstRow, lastRow };
}

/** `onPage` is called whenever a page of them was passed, in every reading. */
type Rows = { firstRow: number; lastRow: number; onPage: () => void };

async function* entriesOf(deps: BatchDeps, batch: Batch, rows: Rows): AsyncGenerator<ZipEntry, void> {
  for await (const page of pagesOf(deps, batch, rows))
    for (const images of neighbours(page)) yield* readImages(deps, batch, images);
  const manifest = new Manifest(batch);
  // Read once more for each: kept rows would be as large as the file.
  yield { name: 'manifest.json', chunks: manifest.json(rowsOf(deps, batch, rows)) };
  yield { name: 'manifest.csv', chunks: manifest.csv(rowsOf(deps, batch, rows)) };
}

async function* rowsOf(deps: BatchDeps, batch: Batch, rows: Rows): AsyncGenerator<BatchRow, void> {
  for await (const page of pagesOf(deps, batch, rows)) yield* page;
}

async function* pagesOf(
  deps: BatchDeps,
  { id }: Batch,
  { firstRow, lastRow, onPage }: Rows,
): AsyncGenerator<BatchRow[], void> {
  for (let after = firstRow - 1; after < lastRow; ) {
    const limit = Math.min(rowsAtOnce, lastRow - after);
    const page = await deps.database.batches.listRows(id, { status: null, after, limit });
    await deps.way.giveWay();
    yield page;
    onPage();
    after = page.at(-1)?.row ?? lastRow;
  }
}

/** Parts images, in the order of rows, where one does not lie behind the other in the same piece. */
function neighbours(rows: BatchRow[]): Image[][] {
  const groups: Image[][] = [];
  let last: RowResult | null = null;
  for (const { row, file, result } of rows) {
    if (file === null || result === null) continue;
    const image = { row, file, result };
    if (last?.piece === result.piece && last.offset + last.sizeBytes === result.offset) groups.at(-1)?.push(image);
    else groups.push([image]);
    last = result;
  }
  return groups;
}

/** Reads images that lie one behind the other in one go: every byte is read once, 8 MB at most at a time. */
async function* readImages({ objects, way }: BatchDeps, batch: Batch, images: Image[]): AsyncGenerator<ZipEntry, void> {
  const [first] = images;
  if (first === undefined) return;
  const { piece, offset } = first.result;
  const sizeBytes = images.reduce((sum, { result }) => sum + result.sizeBytes, 0);
  const stored = await objects.getStream(batchPieceKey(batch.id, piece), { offset, sizeBytes });
  if (stored === null)
    throw new AppError(
      'invalid',
      'images_gone',
      `The images of row ${first.row} and those behind it are not there any more`,
    );
  const chunks: Buffer[] = [];
  for await (const chunk of stored) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  for (const { file, result } of images) {
    await way.giveWay();
    const from = result.offset - offset;
    yield { name: file, bytes: bytes.subarray(from, from + result.sizeBytes) };
  }
}
