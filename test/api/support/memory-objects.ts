import type { ByteRange, ObjectStore } from '../../../shared/adapters/objects/objects.ts';
import { unavailable } from '../../../shared/errors.ts';

/** An object store in memory that can be away, and remembers what was read. */
export class MemoryObjects implements ObjectStore {
  readonly stored = new Map<string, Buffer>();
  readonly durable = new Set<string>();
  readonly read: string[] = [];
  away = false;

  #assertThere(): void {
    if (this.away) throw unavailable('storage_unavailable', 'The object store is away');
  }

  async put(key: string, bytes: Buffer, { durable }: { contentType: string; durable: boolean }): Promise<void> {
    this.#assertThere();
    this.stored.set(key, bytes);
    if (durable) this.durable.add(key);
  }

  async putStream(key: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    this.#assertThere();
    const pieces: Uint8Array[] = [];
    for await (const chunk of chunks) pieces.push(chunk);
    this.stored.set(key, Buffer.concat(pieces));
    this.durable.add(key);
  }

  async getStream(key: string, { offset, sizeBytes }: ByteRange): Promise<AsyncIterable<Buffer> | null> {
    this.#assertThere();
    const bytes = this.stored.get(key);
    if (bytes === undefined) return null;
    return (async function* () {
      yield bytes.subarray(offset, offset + sizeBytes);
    })();
  }

  async get(key: string): Promise<Buffer | null> {
    this.#assertThere();
    this.read.push(key);
    return this.stored.get(key) ?? null;
  }

  async remove(key: string): Promise<void> {
    this.#assertThere();
    this.stored.delete(key);
  }

  async *list(prefix: string): AsyncIterable<string> {
    for (const key of this.stored.keys()) if (key.startsWith(prefix)) yield key;
  }

  async modifiedAt(key: string): Promise<number | null> {
    return this.stored.has(key) ? Date.now() : null;
  }

  async removeUnfinished(): Promise<number> {
    return 0;
  }

  async ping(): Promise<void> {
    this.#assertThere();
  }

  async close(): Promise<void> {}
}
