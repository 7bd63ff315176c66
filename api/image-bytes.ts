import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { RenderResult, RenderRow } from '../shared/adapters/database/database.ts';
import { imageKey } from '../shared/domain/object-key.ts';
import type { ApiDeps } from './deps.ts';

/** How much of this process's memory recent images may take. */
const memoryBytes = 64 * 1024 * 1024;

export type CompletedRender = RenderRow & { result: RenderResult };
export type ImageBytes = ReturnType<typeof createImageBytes>;

/** Reads the bytes of completed renders: from memory, else from Redis, else from the object store, which has them all. */
export function createImageBytes({
  imageCache,
  objects,
  queues,
  log,
  tally,
}: Pick<ApiDeps, 'imageCache' | 'objects' | 'queues' | 'log' | 'tally'>) {
  const readsFrom = (layer: string) => tally.counter('qrfactory_image_reads_total', { layer });
  const reads = {
    memory: readsFrom('memory'),
    redis: readsFrom('redis'),
    objectStore: readsFrom('object_store'),
    none: readsFrom('none'),
  };
  const memory = new LRUCache<string, Buffer>({ maxSize: memoryBytes, sizeCalculation: (bytes) => bytes.length + 200 });
  queues.onForgotten((what) => {
    if (what === 'all') memory.clear();
    else for (const id of what) memory.delete(id);
  });
  const underWay = new Map<string, Promise<Buffer | null>>();

  /** What power loss or a meddler left under the key is as good as nothing: it is drawn again. */
  const isWhole = ({ id, result }: CompletedRender, bytes: Buffer): boolean => {
    if (bytes.length === result.sizeBytes && hash('sha256', bytes, 'hex') === result.sha256) return true;
    log.warn({ renderId: id, sizeBytes: bytes.length }, 'stored image does not match its checksum');
    return false;
  };

  const fetch = async (row: CompletedRender): Promise<Buffer | null> => {
    const cached = await imageCache.get(row.id);
    if (cached?.length === row.result.sizeBytes) {
      reads.redis.add();
      return cached;
    }
    const stored = await objects.get(imageKey(row.id, row.spec.format));
    if (stored === null || !isWhole(row, stored)) {
      reads.none.add();
      return null;
    }
    reads.objectStore.add();
    imageCache.put([{ id: row.id, bytes: stored }]).catch((err: unknown) => log.warn({ err }, 'image not cached'));
    return stored;
  };

  return {
    /** The bytes when they are in memory. */
    atHand(row: CompletedRender): Buffer | undefined {
      const bytes = memory.get(row.id);
      if (bytes !== undefined) reads.memory.add();
      return bytes;
    },

    /** The bytes, or null when they are gone; equal questions at the same time are one. */
    async read(row: CompletedRender): Promise<Buffer | null> {
      let reading = underWay.get(row.id);
      if (!reading) {
        reading = fetch(row).finally(() => underWay.delete(row.id));
        underWay.set(row.id, reading);
      }
      const bytes = await reading;
      if (bytes !== null) memory.set(row.id, bytes);
      return bytes;
    },

    /** Removes the bytes everywhere that this process reaches. */
    async remove(row: RenderRow): Promise<void> {
      memory.delete(row.id);
      await objects.remove(imageKey(row.id, row.spec.format));
      // Without its row nobody reaches it, and it goes by itself.
      await imageCache.remove([row.id]).catch((err: unknown) => log.warn({ err }, 'cached image not removed'));
    },
  };
}
