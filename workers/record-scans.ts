import type { ScanRow } from '../shared/adapters/database/scan-store.ts';
import { type ScanEvent, scanEventSchema } from '../shared/contract/scan-event.ts';
import { decodeLines } from '../shared/journal-lines.ts';
import type { Handler, WorkDeps } from './handlers.ts';
import { rollUpJob } from './roll-up-scans.ts';
import { createScanFacts } from './scan-facts.ts';
import { createScansToTell } from './scans-to-tell.ts';

type RecordDeps = Pick<WorkDeps, 'queues' | 'log' | 'now' | 'tally'> & {
  database: Pick<WorkDeps['database'], 'scans' | 'codes' | 'webhooks' | 'scanNotices'>;
};

/**
 * Puts a segment's events in the ledger and tells the journal that it may let go of them.
 *
 * An event that is not as agreed is left out, counted and with a line in the log, so that it does not hold up the others for ever; so
 * is one of a day whose scans are deleted already (SCAN_RETENTION_DAYS), as what that day came to is settled.
 */
export function createRecordScans(deps: RecordDeps): Handler<'record-scans'> {
  const { database, queues, log, now, tally } = deps;
  const malformed = tally.counter('qrfactory_scans_left_out_total', { reason: 'malformed' });
  const late = tally.counter('qrfactory_scans_left_out_total', { reason: 'late' });
  const scansToTell = createScansToTell(deps);
  const rowOf = createScanFacts();
  return async ({ segmentId, lines }) => {
    const begins = await database.scans.ledgerBegins();
    const { parsed, problems } = parseEvents(decodeLines(Buffer.from(lines)));
    const rows = parsed.filter(({ at }) => at >= begins).map(rowOf);
    if (problems.length > 0)
      log.error({ segmentId, left: problems.length, problem: problems[0] }, 'scans are not as agreed and left out');
    if (rows.length < parsed.length)
      log.warn(
        { segmentId, left: parsed.length - rows.length },
        'scans came after their day was settled and are left out',
      );
    const scans = eachOnce(rows);
    // Before the ledger: once it has the segment, the journal lets go of it.
    await scansToTell(segmentId, scans);
    await database.scans.record(segmentId, scans, now());
    malformed.add(problems.length);
    late.add(parsed.length - rows.length);
    const lost = (what: string) => (err: unknown) => log.warn({ err, segmentId }, `recorded scans: no ${what}`);
    await queues.announceEnded([segmentId]).catch(lost('message to their journal'));
    if (rows.length > 0) await queues.add([rollUpJob(now())]).catch(lost('roll-up queued, the timer does it'));
    return { verdict: 'done' };
  };
}

function parseEvents(events: unknown[]): { parsed: ScanEvent[]; problems: string[] } {
  const results = events.map((event) => scanEventSchema.safeParse(event));
  return {
    parsed: results.flatMap(({ data }) => data ?? []),
    problems: results.flatMap(({ error }) => error?.message ?? []),
  };
}

/** A journal that was cut may hold an event twice. */
function eachOnce(rows: ScanRow[]): ScanRow[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}
