import { pino } from 'pino';
import { afterEach } from 'vitest';
import { ScanDelivery } from '../../../api/deliver-scans.ts';
import type { NewJob } from '../../../shared/adapters/queues.ts';
import type { Heard } from '../../../shared/adapters/redis-channel.ts';
import type { ScanEvent } from '../../../shared/contract/scan-event.ts';
import { unavailable } from '../../../shared/errors.ts';
import { decodeLines } from '../../../shared/journal-lines.ts';

type RecordJob = Extract<NewJob, { name: 'record-scans' }>;

/** The events that a job carries. */
export const eventsIn = ({ lines }: RecordJob['payload']) => decodeLines(Buffer.from(lines)) as ScanEvent[];

/** Queue and ledger in memory: jobs wait until `work`. */
export function farSide() {
  const listeners = new Set<Heard['ended']>();
  const side = {
    jobs: new Map<string, RecordJob>(),
    added: 0,
    ledger: new Map<string, ScanEvent>(),
    recorded: new Set<string>(),
    queueAway: false,
    databaseAway: false,
    works: true,
    announces: true,
    async work(): Promise<void> {
      for (const { jobId, payload } of [...side.jobs.values()]) {
        for (const event of eventsIn(payload)) side.ledger.set(event.id, event);
        side.recorded.add(payload.segmentId);
        side.jobs.delete(jobId);
        if (side.announces) for (const listener of listeners) listener([payload.segmentId], []);
      }
    },
  };
  const queues = {
    async add(jobs: NewJob[]) {
      if (side.queueAway) throw unavailable('queue_unavailable', 'away');
      for (const job of jobs) {
        side.jobs.set(job.jobId, job as RecordJob);
        side.added++;
      }
      if (side.works) setImmediate(() => void side.work());
    },
    async liveJobs(_queue: unknown, ids: string[]) {
      if (side.queueAway) throw unavailable('queue_unavailable', 'away');
      return new Set(ids.filter((id) => side.jobs.has(id)));
    },
    onEnded(listener: Heard['ended']) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    assertAcceptsWork() {
      if (side.queueAway) throw unavailable('queue_unavailable', 'away');
    },
  };
  const scans = {
    async findRecorded(ids: string[]) {
      if (side.databaseAway) throw unavailable('database_unavailable', 'away');
      return new Set(ids.filter((id) => side.recorded.has(id)));
    },
    async forgetRecorded(ids: string[]) {
      for (const id of ids) side.recorded.delete(id);
    },
  };
  return { side, queues, scans };
}

const open: ScanDelivery[] = [];
afterEach(async () => {
  for (const delivery of open.splice(0)) await delivery.close({ graceMs: 0 });
});

/** Starts the delivery of the journal below `dataDir`; what a test leaves open is closed after it. */
export async function startDelivery(dataDir: string, { queues, scans }: ReturnType<typeof farSide>) {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, { write: (line) => lines.push(JSON.parse(line)) });
  const delivery = await ScanDelivery.start({ dataDir, queues, scans, log, now: Date.now });
  open.push(delivery);
  const close = async (graceMs = 5000): Promise<void> => {
    open.splice(open.indexOf(delivery), 1);
    await delivery.close({ graceMs });
  };
  return { delivery, lines, close };
}

let minted = 0;
/** An event that no other call made. */
export function scan(): ScanEvent {
  const id = `scn_${String(++minted).padStart(12, '0')}`;
  const unknown = { country: null, city: null, visitor: null, userAgent: null, referrer: null, language: null };
  const where = { tenantId: 'default', codeId: 'cod_1', version: 1, fallbackTarget: null, source: null };
  return { id, at: 1000, ...where, ...unknown, prefetch: false };
}
