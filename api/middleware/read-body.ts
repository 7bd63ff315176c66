import { AppError } from '../../shared/errors.ts';
import type { ApiContext } from '../deps.ts';

/** How much of a body that is too large is still taken in, so that its sender gets to read the answer. */
const drainedBytes = 8 * 1024 * 1024;

/** Says that the body is over its limit, and closes the connection: what is left of the body is not read. */
export function bodyTooLarge(limitBytes: number): AppError {
  const message = `The body is larger than ${limitBytes} bytes, the most that is accepted here`;
  return new AppError('too-large', 'body_too_large', message, { headers: { Connection: 'close' } });
}

/** Says that the connection ended, or the time ran out, before the body was complete. */
export function cutShort(cause?: unknown): AppError {
  return new AppError('timeout', 'incomplete_body', 'The body ended before its length, or took too long', { cause });
}

/** @throws AppError `media-type` for a compressed body: its size could not be told before it is unpacked */
export function refuseCompressed(ctx: ApiContext): void {
  const encoding = ctx.get('Content-Encoding');
  if (encoding === '' || encoding.toLowerCase() === 'identity') return;
  throw new AppError(
    'media-type',
    'unsupported_content_encoding',
    `A body in ${encoding} is not accepted; send it as it is`,
  );
}

/**
 * Reads the whole body, counting what really comes.
 *
 * @throws AppError `too-large` above `limitBytes`, `timeout` when the connection ends before the body,
 *   `media-type` when it is compressed
 */
export function readBody(ctx: ApiContext, limitBytes: number): Promise<Buffer> {
  refuseCompressed(ctx);
  const { req } = ctx;
  if (Number(ctx.get('Content-Length')) > limitBytes + drainedBytes) return Promise.reject(bodyTooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const done = (error: AppError | null): void => {
      req.off('data', take).off('end', end).off('error', fail).off('close', close);
      if (error) reject(error);
      else resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    };
    const take = (chunk: Buffer): void => {
      sizeBytes += chunk.length;
      if (sizeBytes <= limitBytes) chunks.push(chunk);
      else if (chunks.length > 0) chunks.length = 0;
      if (sizeBytes > limitBytes + drainedBytes) done(bodyTooLarge(limitBytes));
    };
    const end = (): void => done(sizeBytes > limitBytes ? bodyTooLarge(limitBytes) : null);
    const fail = (cause: Error): void => done(cutShort(cause));
    const close = (): void => done(cutShort());
    req.on('data', take).on('end', end).on('error', fail).on('close', close);
  });
}
