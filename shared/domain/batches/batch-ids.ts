import { keyedBytes, keyedId } from '../identity.ts';
import { bytesPerSlug, slugFrom } from '../slug.ts';

/** Digits of a time, base 36, in a batch's id: enough until the year 5188. */
const timeDigits = 9;

/**
 * Makes a batch's id: its time first, so that ids and the keys below them are in the order of time; then what nobody guesses.
 *
 * @param randomness at least 16 unpredictable bytes
 */
export function batchId(now: number, randomness: Uint8Array): string {
  const time = Math.floor(now).toString(36).padStart(timeDigits, '0');
  return `bat_${time}${Buffer.from(randomness).toString('base64url')}`;
}

/** Every row's id begins with its batch's, and ids are in the order of rows. */
export function batchRowId(batch: string, row: number): string {
  return `${batch}.${String(row).padStart(7, '0')}`;
}

/** Likewise for chunks: of all chunks of a tenant the first id is the next to be drawn. */
export function batchChunkId(batch: string, chunk: number): string {
  return `${batch}.${String(chunk).padStart(9, '0')}`;
}

/** Returns the id of the code that a row makes: the same whenever the row is run, so that none is made twice. */
export function batchCodeId(key: string, batch: string, row: number): string {
  return keyedId('cod', key, 'batch', batch, String(row));
}

/**
 * Returns the id under which is on record what a batch did to a code: the same whenever its rows are run.
 *
 * @param what the row that made the code, or the code and the version that it was given
 */
export function batchAuditId(key: string, batch: string, what: number | { code: string; version: number }): string {
  return typeof what === 'number'
    ? keyedId('aud', key, 'batch', batch, String(what))
    : keyedId('aud', key, 'batch', batch, what.code, String(what.version));
}

/** Returns the `attempt`th (1, 2 …) slug that a row may take when it names none: unguessable, the same whenever it is run. */
export function batchSlug(
  key: string,
  { batch, row, attempt }: { batch: string; row: number; attempt: number },
): string {
  for (let round = 0; ; round++) {
    const bytes = keyedBytes(key, 'batch-slug', batch, String(row), String(attempt), String(round));
    const slug = slugFrom(bytes.subarray(0, bytesPerSlug));
    if (slug !== null) return slug;
  }
}

/** What the keys of all objects of a batch begin with. */
export function batchPrefix(batch: string): string {
  return `batches/${batch}/`;
}

/** Returns the id of the batch that an object belongs to, null for keys of other kinds. */
export function batchOfKey(key: string): string | null {
  return /^batches\/(bat_[\w-]+)\//.exec(key)?.[1] ?? null;
}

/** The file of a batch as it came. */
export function batchFileKey(batch: string): string {
  return `batches/${batch}/source.csv`;
}

/** Images of one chunk one behind the other; `name` follows from their bytes, so that no rewriting changes what rows point at. */
export function batchPieceKey(batch: string, name: string): string {
  return `batches/${batch}/images/${name}`;
}

/** One part of the archive (1, 2 …) as the `run`th run of the batch made it. */
export function batchArchiveKey(batch: string, { run, part }: { run: number; part: number }): string {
  return `batches/${batch}/archive/${run}-${part}.zip`;
}
