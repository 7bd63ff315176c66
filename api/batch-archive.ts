import { Readable } from 'node:stream';
import type { ArchivePart, Batch } from '../shared/adapters/database/batch-store.ts';
import type { ByteRange } from '../shared/adapters/objects/objects.ts';
import { inQuery, readParameters, wholeNumberOf } from '../shared/contract/parameters.ts';
import { invalidRequest } from '../shared/contract/zod-problems.ts';
import { batchArchiveKey } from '../shared/domain/batches/batch-ids.ts';
import { AppError, shortened, unavailable } from '../shared/errors.ts';
import { readByteRange } from './byte-range.ts';
import { contentDisposition } from './content-disposition.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { assertKept, findOwnBatch } from './find-own-batch.ts';
import { readQuery } from './query.ts';
import { matchesEtag } from './serve-image.ts';

/** The parameters of an archive. */
export const archiveReaders = { part: wholeNumberOf(1, 1000) };

/** `GET /v1/batches/:id/archive?part=n`: a ZIP of the archive, streamed from the object store, by range where that is asked for. */
export function createBatchArchiveRoute({ database, objects, now }: Pick<ApiDeps, 'database' | 'objects' | 'now'>) {
  return async (ctx: ApiContext): Promise<void> => {
    const batch = await findOwnBatch({ database }, ctx);
    const part = findPart(batch, readPart(ctx), now());
    const etag = `"${part.sha256}"`;
    ctx.set('ETag', etag);
    ctx.set('Cache-Control', 'private, no-cache');
    ctx.set('Accept-Ranges', 'bytes');
    if (matchesEtag(ctx.get('If-None-Match'), etag)) {
      ctx.status = 304;
      return;
    }
    const asked = ctx.get('If-Range') === '' || ctx.get('If-Range') === etag ? ctx.get('Range') : '';
    const range = readByteRange(asked, part.sizeBytes);
    if (range === 'unsatisfiable') throw noSuchRange(asked, part);
    const sent: ByteRange = range ?? { offset: 0, sizeBytes: part.sizeBytes };
    if (range !== null) {
      ctx.status = 206;
      ctx.set('Content-Range', `bytes ${sent.offset}-${sent.offset + sent.sizeBytes - 1}/${part.sizeBytes}`);
    } else ctx.status = 200;
    ctx.set('Content-Disposition', dispositionOf(batch, part));
    if (ctx.method !== 'HEAD') {
      const stream = await objects.getStream(batchArchiveKey(batch.id, { run: batch.run, part: part.part }), sent);
      if (stream === null) throw unavailable('archive_gone', 'The archive is not in the object store');
      ctx.body = Readable.from(stream, { objectMode: false });
    }
    ctx.type = 'application/zip';
    ctx.length = sent.sizeBytes;
  };
}

function readPart(ctx: ApiContext): number {
  const { values, problems } = readParameters(readQuery(ctx), archiveReaders);
  if (problems.length > 0) throw invalidRequest(problems, inQuery);
  return values.part ?? 1;
}

function findPart(batch: Batch, wanted: number, now: number): ArchivePart {
  const { status, error, archive } = batch;
  if (status === 'queued' || status === 'running')
    throw new AppError('conflict', 'batch_not_ready', 'The batch has not ended yet', { retryAfterS: 1 });
  assertKept(batch, now);
  if (archive === null) {
    if (error !== null) throw new AppError('invalid', error.code, error.detail);
    throw new AppError('not-found', 'no_archive', 'This batch made no archive');
  }
  const part = archive.find((each) => each.part === wanted);
  if (part === undefined)
    throw new AppError('not-found', 'not_found', `The archive has no part ${wanted}; it has ${archive.length}`);
  return part;
}

function noSuchRange(received: string, { sizeBytes }: ArchivePart): AppError {
  const detail = `The range must lie within the ${sizeBytes} bytes of this part`;
  return new AppError('range', 'range_not_satisfiable', detail, {
    details: [
      { in: 'header', pointer: null, name: 'Range', code: 'out_of_range', detail, received: shortened(received) },
    ],
    headers: { 'Content-Range': `bytes */${sizeBytes}` },
  });
}

/** Names the download as the batch is called, less what a system does not take in names, and in plain letters besides. */
function dispositionOf({ id, name, archive }: Batch, { part }: ArchivePart): string {
  const number = (archive?.length ?? 0) > 1 ? `-part-${part}` : '';
  const own = (name ?? '').normalize('NFC').replaceAll(/[\p{C}\\/:*?"<>|]+/gu, '-');
  const shown = [...own.replaceAll(/^[-.\s]+|[-.\s]+$/g, '')].slice(0, 80).join('');
  const plain = shown
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .replaceAll(/[^A-Za-z0-9_]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 80);
  const file = (base: string): string => `${base === '' ? id : base}${number}.zip`;
  return contentDisposition('attachment', file(shown), file(plain));
}
