import type { ScanRow } from '../shared/adapters/database/scan-store.ts';
import { relayJob } from '../shared/adapters/delivery-jobs.ts';
import type { ScanAnswer } from '../shared/contract/scan-answer.ts';
import { mostScansTold, withScans } from '../shared/domain/scans/scan-notice.ts';
import { unavailable } from '../shared/errors.ts';
import type { WorkDeps } from './handlers.ts';
import { inParallel } from './in-parallel.ts';

const maxRounds = 50;
const width = 8;

type ScansToTellDeps = Pick<WorkDeps, 'queues' | 'log' | 'now'> & {
  database: Pick<WorkDeps['database'], 'webhooks' | 'scanNotices' | 'codes'>;
};

/** Gathers a segment's scans for those who want to be told; durable when it returns, and harmless when repeated. */
export type ScansToTell = (segmentId: string, scans: ScanRow[]) => Promise<void>;

/**
 * Returns the function that record-scans calls before it records a segment: after that the segment may be gone. Where nobody
 * wants `code.scanned` it costs one look-up.
 */
export function createScansToTell({ database, queues, log, now }: ScansToTellDeps): ScansToTell {
  const { webhooks, scanNotices, codes } = database;

  /** Answers when the telling is due; null when the segment was in already. */
  const gather = async (segmentId: string, codeId: string, scans: ScanRow[]): Promise<number | null> => {
    const [first] = scans;
    if (first === undefined) return null;
    const shown = scans.slice(0, mostScansTold);
    const versions = [...new Set(shown.flatMap(({ version }) => version ?? []))];
    const targets = new Map(
      (await codes.findTargets(codeId, versions)).map(({ version, target }) => [version, target]),
    );
    const told = shown.map((scan) => toldScan(scan, targets));
    for (let round = 0; round < maxRounds; round++) {
      const before = await scanNotices.find(codeId);
      const added = { codeId, tenantId: first.tenantId, segmentId, scans: told, count: scans.length, now: now() };
      const next = withScans(before, added);
      if (next === null) return null;
      if (await scanNotices.replace(next)) return next.dueAt;
    }
    throw unavailable('database_unavailable', `The notice of a code changed in ${maxRounds} tries to change it`);
  };

  return async (segmentId, scans) => {
    const wanted = await webhooks.wantedEvents(scans.map(({ tenantId }) => tenantId));
    const byCode = new Map<string, ScanRow[]>();
    for (const scan of scans) {
      if (wanted.get(scan.tenantId)?.has('code.scanned'))
        byCode.set(scan.codeId, [...(byCode.get(scan.codeId) ?? []), scan]);
    }
    const due = await inParallel([...byCode], width, ([codeId, rows]) => gather(segmentId, codeId, rows));
    const slots = new Set(due.filter((at) => at !== null));
    const jobs = [...slots].map((at) => ({
      ...relayJob(),
      jobId: `relay-${at}-scans`,
      delayMs: Math.max(0, at - now()),
    }));
    if (jobs.length === 0) return;
    await queues
      .add(jobs)
      .catch((err: unknown) => log.warn({ err, segmentId }, 'scans to tell: no relay queued, the timer does it'));
  };
}

function toldScan(row: ScanRow, targets: ReadonlyMap<number, string>): ScanAnswer {
  const { id, at, codeId, version, source, country, city, device, system, browser, referrer, language, bot } = row;
  return {
    object: 'scan',
    id,
    at: new Date(at).toISOString(),
    codeId,
    version,
    target: version === null ? row.fallbackTarget : (targets.get(version) ?? null),
    source,
    country,
    city,
    device,
    system,
    browser,
    referrer,
    language,
    bot,
  };
}
