import { hash } from 'node:crypto';
import { isCutShort } from '../../shared/adapters/change-batch.ts';
import type { Batch, BatchRow, RowOutcome } from '../../shared/adapters/database/batch-store.ts';
import type { RunningJob } from '../../shared/adapters/job-worker.ts';
import { rowErrorOf } from '../../shared/contract/row-error.ts';
import { batchPieceKey } from '../../shared/domain/batches/batch-ids.ts';
import type { BatchMode } from '../../shared/domain/batches/batch-mode.ts';
import { AppError, shortened, type WorkError } from '../../shared/errors.ts';
import type { LogoSource } from '../logo-source.ts';
import { isFirstAttempt } from '../render-codes.ts';
import { createDrawOne, type Drawing } from '../render-one.ts';
import type { BatchDeps } from './batch-deps.ts';
import { type RowWork, workOf } from './row-work.ts';

/** Images of a chunk gather up to so many bytes before they are stored as one object. */
const pieceBytes = 8 * 1024 * 1024;

/**
 * Rows that are made together; between two groups it is asked whether the batch was cancelled. A code that was made has its row done:
 * codes are made in one durable write, so those of a whole chunk are.
 */
const rowsPerGroup: Record<BatchMode, number> = { static: 25, dynamic: 200, retarget: 25 };

/** Rows that have been drawn and not yet stored, their bytes one behind the other. */
type Piece = { images: Buffer[]; sizeBytes: number; outcomes: RowOutcome[] };

const emptyPiece = (): Piece => ({ images: [], sizeBytes: 0, outcomes: [] });

/**
 * Draws rows, each on its own, by the same code as single renders; stores their images, up to 8 MB in one object, and ends the
 * rows whose images are stored. It stops where the batch is cancelled; of one that was cancelled before it does all of `rows`.
 *
 * @returns null when every row has ended or the batch is cancelled; else why the rest is to be tried again
 */
export async function drawRows(
  deps: BatchDeps,
  { batch, rows, job }: { batch: Batch; rows: BatchRow[]; job: RunningJob },
): Promise<unknown> {
  const drawOne = createDrawOne({ logos: logosOf(deps, batch), draw: deps.draw });
  let piece = emptyPiece();
  let again: unknown = null;
  for await (const work of worksOf(deps, batch, rows)) {
    await deps.way.giveWay();
    const ended = work.spec === null ? { kind: 'nothing' as const } : await drawOne(work.spec);
    if (ended.kind === 'away' && !job.lastAttempt) {
      again = ended.cause;
      break;
    }
    if (ended.kind === 'broken') {
      deps.log.error(
        { err: ended.cause, requestId: batch.requestId, batchId: batch.id, row: work.row, attempt: job.attempt },
        'drawing failed',
      );
      if (isFirstAttempt(job)) {
        again = ended.cause;
        continue;
      }
    }
    add(piece, outcomeOf(deps, work, ended), ended.kind === 'drawn' ? ended.bytes : null);
    if (piece.sizeBytes >= pieceBytes) {
      await store(deps, batch, piece);
      piece = emptyPiece();
    }
  }
  await store(deps, batch, piece);
  return again;
}

/** Makes codes where rows have them, group by group, until the batch is cancelled. */
async function* worksOf(deps: BatchDeps, batch: Batch, rows: BatchRow[]): AsyncGenerator<RowWork, void> {
  const size = rowsPerGroup[batch.mode];
  for (let at = 0; at < rows.length; at += size) {
    if (at > 0 && !isCutShort(batch) && (await isCancelled(deps, batch))) return;
    yield* await workOf(deps, batch, rows.slice(at, at + size));
  }
}

async function isCancelled({ database }: BatchDeps, { id }: Batch): Promise<boolean> {
  const batch = await database.batches.find(id);
  return batch === null || isCutShort(batch);
}

/** Knows the logos of one tenant only, and none that was deleted. */
function logosOf({ database, logos }: BatchDeps, { tenantId }: Batch): LogoSource {
  const owned = new Set<string>();
  return async (id) => {
    if (!owned.has(id)) {
      const [row] = await database.logos.findMany([id]);
      if (row?.tenantId !== tenantId || row.deletedAt !== null) throw unknownLogo(id);
      owned.add(id);
    }
    return logos(id);
  };
}

function unknownLogo(id: string): AppError {
  const detail = `logoId must be that of a logo; there is none with the id ${JSON.stringify(shortened(id))}. Upload it with POST /v1/logos.`;
  return new AppError('invalid', 'unknown_logo', detail, {
    details: [{ in: 'csv', pointer: null, name: 'logoId', code: 'unknown_logo', detail, received: null }],
  });
}

/** `piece` and `offset` are filled in when the piece is stored. */
function outcomeOf({ now }: BatchDeps, work: RowWork, ended: Drawing | { kind: 'nothing' }): RowOutcome {
  const { row, codeId, shortUrl } = work;
  const facts = { row, at: now(), codeId, shortUrl };
  const fail = (error: WorkError): RowOutcome => ({ ...facts, result: null, error });
  switch (ended.kind) {
    case 'nothing':
      return work.error === null ? { ...facts, result: null, error: null } : fail(work.error);
    case 'drawn': {
      const { bytes } = ended;
      const result = { piece: '', offset: 0, sizeBytes: bytes.length, sha256: hash('sha256', bytes, 'hex') };
      return { ...facts, result, error: null };
    }
    case 'failed':
      return fail(rowErrorOf(ended.cause));
    case 'away':
      return fail(storageUnavailable);
    case 'broken':
      return fail(renderFailed);
  }
}

function add(piece: Piece, outcome: RowOutcome, bytes: Buffer | null): void {
  if (outcome.result !== null) outcome.result.offset = piece.sizeBytes;
  if (bytes !== null) {
    piece.images.push(bytes);
    piece.sizeBytes += bytes.length;
  }
  piece.outcomes.push(outcome);
}

/** Its name follows from its bytes: two runs of the same rows write one object, and never another's. */
async function store({ database, objects }: BatchDeps, { id }: Batch, piece: Piece): Promise<void> {
  const { images, outcomes } = piece;
  if (images.length > 0) {
    const bytes = Buffer.concat(images);
    const name = `${outcomes[0]?.row}-${hash('sha256', bytes, 'hex').slice(0, 32)}`;
    for (const { result } of outcomes) if (result !== null) result.piece = name;
    await objects.put(batchPieceKey(id, name), bytes, { contentType: 'application/octet-stream', durable: true });
  }
  if (outcomes.length > 0) await database.batches.finishRows(id, outcomes);
}

const storageUnavailable: WorkError = {
  code: 'storage_unavailable',
  detail: 'The object store or the database did not answer for about an hour; retry this batch',
  pointer: null,
};

const renderFailed: WorkError = {
  code: 'render_failed',
  detail: 'Drawing this failed twice by an error of ours; it is in the log under the id of the batch',
  pointer: null,
};
