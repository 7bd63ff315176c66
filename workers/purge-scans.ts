import { dayMs, dayOf } from '../shared/domain/scans/roll-up.ts';
import { countBuckets } from './count-buckets.ts';
import type { Handler, WorkDeps } from './handlers.ts';

const rowsAtATime = 1000;
/** A journal that still holds a segment asks for it long before: notes older than this are nobody's. */
const segmentsKeptMs = 30 * dayMs;

type PurgeDeps = Pick<WorkDeps, 'log' | 'now'> & {
  database: Pick<WorkDeps['database'], 'scans' | 'codes'>;
  /** 0: for ever. */
  scanRetentionDays: number;
};

/**
 * Deletes scans older than `scanRetentionDays`, whole UTC days at a time, and forgets segments recorded a month ago.
 *
 * What a day came to is settled before its scans go: whatever is marked is counted, then the ledger is closed before that day,
 * and from then on nobody counts it anew or adds to it, even if the retention is made longer later.
 */
export function createPurgeScans({ database, log, now, scanRetentionDays }: PurgeDeps): Handler<'purge-scans'> {
  const { scans } = database;
  return async () => {
    await scans.forgetRecordedBefore(now() - segmentsKeptMs);
    if (scanRetentionDays > 0) {
      const day = dayOf(now() - scanRetentionDays * dayMs);
      const marks = await scans.dirtyBuckets(rowsAtATime);
      if (marks.length > 0) await countBuckets(database, marks);
      if (marks.length < rowsAtATime) await scans.closeLedgerBefore(day);
    }
    let purged = 0;
    for (let last = rowsAtATime; last === rowsAtATime; purged += last) last = await scans.purgeLedger(rowsAtATime);
    if (purged > 0) log.info({ purged }, 'scans that have outlived their time are deleted');
    return { verdict: 'done' };
  };
}
