import type { ScanEvent } from '../shared/contract/scan-event.ts';
import { readSegment, type Segment } from '../shared/journal.ts';
import type { JournalFolder } from './journal-folders.ts';

/** A segment on its way: what is known of its job. */
export type Parcel = Segment<ScanEvent> & {
  folder: JournalFolder;
  /** When its job was added (process time, ms); null while it is to be added. */
  addedAt: number | null;
  /** When it was last asked what became of it (process time, ms). */
  askedAt: number;
};

/** Reads what a parcel holds: from memory when it is there. */
export async function eventsOf({ items, file }: Parcel): Promise<ScanEvent[]> {
  return items ?? ((await readSegment(file)) as ScanEvent[]);
}
