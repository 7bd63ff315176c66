import { AppError, shortened } from '../../shared/errors.ts';
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

/** @throws AppError `timeout` when the connection ended before anybody read its body: no event would tell it any more */
export function refuseCut({ req }: ApiContext): void {
  if (req.destroyed) throw cutShort();
}

type WrongHeader = { name: string; code: string; detail: string; received: string; headers?: Record<string, string> };

function wrongHeader({ name, code, detail, received, headers = {} }: WrongHeader): AppError {
  return new AppError('media-type', code, detail, {
    details: [{ in: 'header', pointer: null, name, code, detail, received: shortened(received || undefined) }],
    headers,
  });
}

/** Says which content types are accepted instead of the one that came, or of none. */
export function wrongContentType(received: string, accepted: string, headers: Record<string, string> = {}): AppError {
  const came = received === '' ? 'none came' : `${shortened(received)} came`;
  const detail = `The Content-Type must be ${accepted}; ${came}`;
  return wrongHeader({ name: 'Content-Type', code: 'unsupported_media_type', detail, received, headers });
}

/** @throws AppError `media-type` for a compressed body: its size could not be told before it is unpacked */
export function refuseCompressed(ctx: ApiContext): void {
  const received = ctx.get('Content-Encoding');
  if (received === '' || received.toLowerCase() === 'identity') return;
  const detail = `A body in ${shortened(received)} is not accepted; send it as it is, without Content-Encoding`;
  // RFC 9110, section 12.5.3.
  const headers = { 'Accept-Encoding': 'identity' };
  throw wrongHeader({ name: 'Content-Encoding', code: 'unsupported_content_encoding', detail, received, headers });
}

/**
 * Reads the whole body, counting what really comes.
 *
 * @param tooLarge says that it is over the limit, in words of its own
 * @throws AppError `too-large` above `limitBytes`, `timeout` when the connection ends before the body,
 *   `media-type` when it is compressed
 */
export async function readBody(
  ctx: ApiContext,
  limitBytes: number,
  tooLarge: (limitBytes: number) => AppError = bodyTooLarge,
): Promise<Buffer> {
  refuseCompressed(ctx);
  refuseCut(ctx);
  const { req } = ctx;
  if (Number(ctx.get('Content-Length')) > limitBytes + drainedBytes) throw tooLarge(limitBytes);
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
      if (sizeBytes > limitBytes + drainedBytes) done(tooLarge(limitBytes));
    };
    const end = (): void => done(sizeBytes > limitBytes ? tooLarge(limitBytes) : null);
    const fail = (cause: Error): void => done(cutShort(cause));
    const close = (): void => done(cutShort());
    req.on('data', take).on('end', end).on('error', fail).on('close', close);
  });
}
