import { Readable } from 'node:stream';
import { s3Error } from './s3-error.ts';

/** Parts of an upload whose size nobody knows: the client's own, for 5 TB, would take 500 MB of memory. */
export const uploadBytes = 8 * 1024 * 1024;

/** Takes from `source` what fits in one request. */
export async function beginningOf(source: AsyncIterator<Uint8Array>): Promise<{ head: Buffer; isWhole: boolean }> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  while (sizeBytes < uploadBytes) {
    const next = await source.next();
    if (next.done) return { head: Buffer.concat(chunks), isWhole: true };
    chunks.push(next.value);
    sizeBytes += next.value.length;
  }
  return { head: Buffer.concat(chunks), isWhole: false };
}

/** The beginning that was taken, and what comes behind it. */
export async function* joined(head: Buffer, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield head;
  yield* { [Symbol.asyncIterator]: () => rest };
}

/**
 * Uploads a source of unknown size: `store` hands the stream to the client.
 *
 * The client never hears of an error of its source, and would wait for ever: so it is raced.
 *
 * @throws what the source throws, as it is; AppError `unavailable` for the rest
 */
export async function uploadAll(
  source: AsyncIterable<Uint8Array>,
  store: (stream: Readable) => Promise<unknown>,
  what: string,
): Promise<void> {
  const stream = Readable.from(source, { objectMode: false });
  const broken = new Promise<never>((_, reject) => stream.once('error', reject));
  broken.catch(() => undefined);
  const storing = store(stream).catch((error) => {
    throw s3Error(what, error);
  });
  try {
    await Promise.race([storing, broken]);
  } finally {
    storing.catch(() => undefined);
    stream.destroy();
  }
}
