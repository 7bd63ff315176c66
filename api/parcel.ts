import { readFile } from 'node:fs/promises';
import type { Segment } from '../shared/journal.ts';
import type { JournalFolder } from './journal-folders.ts';

/** A segment on its way: what is known of its job. */
export type Parcel = Segment & {
  folder: JournalFolder;
  /** When its job was added (process time, ms); null while it is to be added. */
  addedAt: number | null;
  /** When it was last asked what became of it (process time, ms). */
  askedAt: number;
  /** Its file could not be read: it is tried again then (process time, ms). */
  restsUntil: number;
};

/** Reads a parcel's lines as they stand on the disk, up to the last whole one; empty when there is none. */
export async function linesOf({ file }: Parcel): Promise<string> {
  const bytes = await readFile(file);
  return bytes.toString('utf8', 0, bytes.lastIndexOf('\n') + 1);
}
