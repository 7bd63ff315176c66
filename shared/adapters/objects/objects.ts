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
  /** Keys that begin with `prefix`, in any order, streamed. */
  list(prefix: string): AsyncIterable<string>;
  /** Throws AppError `unavailable` when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
