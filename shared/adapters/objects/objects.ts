export type ByteRange = { offset: number; sizeBytes: number };

/** Bytes by key. A key is a relative path of letters, digits, `_`, `-`, `.` and `/`. */
export interface ObjectStore {
  /**
   * Stores the bytes under `key`, whole or not at all, replacing what was there.
   * `durable`: survives power loss when it returns (for what cannot be made again); else atomic only.
   */
  put(key: string, bytes: Buffer, options: { contentType: string; durable: boolean }): Promise<void>;
  /**
   * Stores what comes, durably, whole or not at all: when `chunks` throws, that error is thrown on and nothing is stored. At most
   * some 8 MB of it are in memory.
   */
  putStream(key: string, chunks: AsyncIterable<Uint8Array>, options: { contentType: string }): Promise<void>;
  /** The bytes, or null when there is nothing under `key`. */
  get(key: string): Promise<Buffer | null>;
  /**
   * So many bytes of the object from `offset` on, which must lie within it, as a stream of pieces; null when there is nothing
   * under `key`. However slowly it is read, no more than a few MB are in memory. The object must not be replaced meanwhile.
   */
  getStream(key: string, range: ByteRange): Promise<AsyncIterable<Buffer> | null>;
  /** Removes the object; nothing there is fine. */
  remove(key: string): Promise<void>;
  /**
   * Keys that begin with `prefix`, streamed, in an order of the store's own that stays the same; behind the key `after`, which need
   * not be there any more. Some thousands of keys are in memory.
   */
  list(prefix: string, after?: string): AsyncIterable<string>;
  /** When the object was stored last, ms since 1970 by the store's clock; null when there is nothing under `key`. */
  modifiedAt(key: string): Promise<number | null>;
  /** Removes what writers that died before `before` have left unfinished and is no object; answers how much. */
  removeUnfinished(before: number): Promise<number>;
  /** Throws AppError `unavailable` when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
