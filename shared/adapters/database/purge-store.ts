import type { ImageFormat } from '../../domain/render-spec.ts';
import type { Millis } from './database.ts';

/** Renders that have ended and were not used since `before`: those of keyless callers, or all others. */
export type UnusedRenders = { isAnonymous: boolean; before: Millis };

/** A page of all rows of a table, in the order of their ids, behind `after` (null: from the first). */
export type ById = { after: string | null; limit: number };

/** How renders go: first their bytes, then, long after, their rows. Whoever uses a row meanwhile keeps it. */
export interface RenderPurge {
  /** Those whose bytes are not noted as removed, the longest unused first. */
  unusedImages(unused: UnusedRenders, limit: number): Promise<{ id: string; format: ImageFormat }[]>;
  /** Notes of those that are still unused since `before` that their bytes are removed; the next use clears the note. */
  imagesRemoved(ids: string[], before: Millis): Promise<void>;
  /** Removes at most `limit` rows whose bytes are removed and that have nothing to tell; answers how many. */
  removeUnused(unused: UnusedRenders, limit: number): Promise<number>;
  /** Whether a render has this logo. */
  hasLogo(logoId: string): Promise<boolean>;
  /** Every render; `isStored`: its image should be in the object store. */
  walk(page: ById): Promise<{ id: string; format: ImageFormat; isStored: boolean }[]>;
}

export interface LogoPurge {
  /** Logos that were deleted before `before`, the longest ago first, behind `after`. */
  deleted(query: {
    before: Millis;
    limit: number;
    after: { deletedAt: Millis; id: string } | null;
  }): Promise<{ id: string; deletedAt: Millis }[]>;
  /** Removes a row that is still deleted since before `before`; true when it did. */
  purge(id: string, before: Millis): Promise<boolean>;
  /** Every logo, deleted or not; `isStored`: its bytes should be in the object store. */
  walk(page: ById): Promise<{ id: string; isStored: boolean }[]>;
}

/** The records of batches stay for a while when all else of them is gone. */
export interface BatchPurge<Batch> {
  /** Records that expired before `before` and are not purged, the oldest first. */
  expired(query: { before: Millis; limit: number }): Promise<Batch[]>;
  /** Removes at most `limit` rows and as many chunks of a batch; true when none is left. */
  removeRows(id: string, limit: number): Promise<boolean>;
  /** Removes at most `limit` records that were purged before `before`; answers how many. */
  removePurged(before: Millis, limit: number): Promise<number>;
  /** Every batch. */
  walk(page: ById): Promise<Batch[]>;
}
