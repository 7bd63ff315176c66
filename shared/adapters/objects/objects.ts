/** Bytes by key. A key is a relative path of letters, digits, `_`, `-`, `.` and `/`. */
export interface ObjectStore {
  /**
   * Stores the bytes under `key`, whole or not at all, replacing what was there.
   * `durable`: survives power loss when it returns (for what cannot be made again); else atomic only.
   */
  put(key: string, bytes: Buffer, options: { contentType: string; durable: boolean }): Promise<void>;
  /** The bytes, or null when there is nothing under `key`. */
  get(key: string): Promise<Buffer | null>;
  /** Removes the object; nothing there is fine. */
  remove(key: string): Promise<void>;
  /** Keys that begin with `prefix`, in any order, streamed. */
  list(prefix: string): AsyncIterable<string>;
  /** Throws AppError `unavailable` when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
