import type { Batch } from '../shared/adapters/database/batch-store.ts';
import { batchPieceKey } from '../shared/domain/batches/batch-ids.ts';
import { contentTypeOf, type ImageFormat } from '../shared/domain/render-spec.ts';
import { AppError, unavailable, type WorkError } from '../shared/errors.ts';
import { contentDisposition } from './content-disposition.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { assertKept, findOwnBatch } from './find-own-batch.ts';
import { imageGuards } from './middleware/security-headers.ts';
import { matchesEtag } from './serve-image.ts';

/** `GET /v1/batches/:id/rows/:row/image`: the image of one row. */
export function createBatchImageRoute(deps: ApiDeps) {
  const { database, objects } = deps;
  return async (ctx: ApiContext): Promise<void> => {
    const batch = await findOwnBatch(deps, ctx);
    assertKept(batch, deps.now());
    const { id } = batch;
    const number = /^[1-9]\d{0,6}$/.test(ctx.params.row ?? '') ? Number(ctx.params.row) : null;
    const row = number === null ? null : await database.batches.findRow(id, number);
    if (row === null) throw isStillRead(batch, number) ? notReady() : notFound();
    const { result, file, status, error } = row;
    if (error !== null) throw failedRow(error);
    if (status === 'queued' || status === 'running') throw notReady();
    if (result === null || file === null) throw new AppError('not-found', 'no_image', 'This row makes no image');

    const format: ImageFormat = file.endsWith('.svg') ? 'svg' : 'png';
    const etag = `"${result.sha256}"`;
    ctx.set('ETag', etag);
    ctx.set('Cache-Control', 'private, no-cache');
    for (const [name, value] of Object.entries(imageGuards[format])) ctx.set(name, String(value));
    if (matchesEtag(ctx.get('If-None-Match'), etag)) {
      ctx.status = 304;
      return;
    }
    ctx.type = contentTypeOf[format];
    ctx.set('Content-Disposition', contentDisposition('inline', file));
    const stream = await objects.getStream(batchPieceKey(id, result.piece), result);
    if (stream === null) throw unavailable('image_gone', 'The image is not there any more');
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece);
    ctx.body = Buffer.concat(pieces);
  };
}

/** Rows are counted when the file comes, and become records while it is read. */
function isStillRead({ status, isParsed, file }: Batch, number: number | null): boolean {
  const isOpen = status === 'queued' || status === 'running';
  return number !== null && number <= file.rowCount && isOpen && !isParsed;
}

const notReady = (): AppError =>
  new AppError('conflict', 'row_not_ready', 'The row is not completed yet', { retryAfterS: 1 });

const notFound = (): AppError => new AppError('not-found', 'not_found', 'The batch has no such row');

/** Whatever may be wrong with a row may be wrong here: its own code stands in the details. */
function failedRow({ code, detail, pointer }: WorkError): AppError {
  const name = pointer?.split('/')[1] ?? null;
  return new AppError('invalid', 'row_failed', detail, {
    details: [{ in: 'csv', pointer: null, name, code, detail, received: null }],
  });
}
