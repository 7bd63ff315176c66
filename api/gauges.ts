import { statfs } from 'node:fs/promises';
import { Counter, Gauge, Registry } from 'prom-client';
import { type BoardQueue, factsOf } from '../shared/adapters/board-queues.ts';
import type { ProcessFacts } from '../shared/adapters/shared-counts.ts';
import { version } from '../shared/version.ts';
import type { ApiDeps } from './deps.ts';
import { createChecks } from './health.ts';

type Needs = Pick<ApiDeps, 'boardQueues' | 'config' | 'database' | 'log' | 'now' | 'objects' | 'queues' | 'scans'>;

/**
 * Returns what prints how things stand at this moment: stores, queues, workers, journal, disk. What Redis cannot tell now (null) is
 * absent.
 */
export function createGauges(deps: Needs): (processes: ProcessFacts[] | null) => Promise<string> {
  const registry = new Registry();
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge({ name: `qrfactory_${name}`, help, labelNames, registers: [registry] });

  gauge('build_info', 'Always 1; its labels say what runs', ['version', 'node']).set(
    { version, node: process.versions.node },
    1,
  );
  const updates = [storeGauges(deps, gauge), queueGauges(deps, gauge), diskGauges(deps, gauge)];
  const showWorkers = workerGauges(gauge);
  const showScans = scanGauges(deps, gauge, registry);

  return async (processes) => {
    showWorkers(processes);
    showScans();
    await Promise.all(updates.map((update) => update()));
    return registry.metrics();
  };
}

type MakeGauge = <Label extends string>(name: string, help: string, labelNames?: Label[]) => Gauge<Label>;

function storeGauges(deps: Needs, gauge: MakeGauge): () => Promise<void> {
  const checks = createChecks(deps);
  const up = gauge('store_up', 'Whether this process reaches it: database, queue (Redis) or objectStore', ['store']);
  const memory = gauge('redis_memory_ratio', "Share of Redis' maxmemory in use; 0 without a limit");
  return async () => {
    for (const [store, isThere] of Object.entries(await checks())) up.set({ store }, isThere ? 1 : 0);
    memory.set(deps.queues.state().memoryShare ?? 0);
  };
}

function queueGauges({ boardQueues, queues, log, now }: Needs, gauge: MakeGauge): () => Promise<void> {
  const jobs = gauge('queue_jobs', 'Jobs by state: waiting, active, delayed or failed', ['queue', 'state']);
  const age = gauge('queue_oldest_job_age_seconds', 'For how long the oldest waiting job has been due', ['queue']);
  const paused = gauge('queue_paused', '1 while an operator has paused the queue', ['queue']);
  const show = async (queue: BoardQueue): Promise<void> => {
    const { counts, oldestDueAt, isPaused } = await factsOf(queue);
    const labels = { queue: queue.name };
    for (const [state, count] of Object.entries(counts)) jobs.set({ ...labels, state }, count);
    age.set(labels, oldestDueAt === null ? 0 : Math.max(now() - oldestDueAt, 0) / 1000);
    paused.set(labels, isPaused ? 1 : 0);
  };
  return async () => {
    for (const each of [jobs, age, paused]) each.reset(); // what cannot be read now is absent, not old
    if (!queues.state().reachable) return;
    await Promise.all(boardQueues.map(show)).catch((err: unknown) => log.warn({ err }, 'queues could not be measured'));
  };
}

function workerGauges(gauge: MakeGauge): (processes: ProcessFacts[] | null) => void {
  const count = gauge('workers', 'Worker processes that draw whatever comes and were heard of within ten seconds');
  const memory = gauge('worker_resident_memory_bytes', 'Memory of a worker process', ['worker']);
  const lag = gauge('worker_event_loop_lag_seconds', 'The longest delay of its event loop in two seconds', ['worker']);
  return (processes) => {
    for (const each of [memory, lag]) each.reset();
    if (processes === null) return count.remove();
    count.set(processes.filter(({ kind }) => kind !== 'suspect').length);
    for (const { id, residentBytes, lagSeconds } of processes) {
      memory.set({ worker: id }, residentBytes);
      lag.set({ worker: id }, lagSeconds);
    }
  };
}

function scanGauges({ scans, now }: Needs, gauge: MakeGauge, registry: Registry): () => void {
  const bytes = gauge('journal_bytes', 'Scans on the disk of this process that are not known to be in the ledger');
  const segments = gauge('journal_segments', 'Files that they are in');
  const age = gauge('journal_oldest_age_seconds', 'How long the oldest of them has been there');
  const lost = new Counter({
    name: 'qrfactory_scans_lost_total',
    help: 'Scans that this process redirected and could not write down',
    registers: [registry],
  });
  return () => {
    const { sizeBytes, segments: files, oldestAt, scansLost } = scans();
    bytes.set(sizeBytes);
    segments.set(files);
    age.set(oldestAt === null ? 0 : Math.max(now() - oldestAt, 0) / 1000);
    lost.reset();
    lost.inc(scansLost);
  };
}

function diskGauges({ config, log }: Needs, gauge: MakeGauge): () => Promise<void> {
  const free = gauge('disk_free_bytes', 'Room that is left for this process where DATA_DIR lies');
  const size = gauge('disk_size_bytes', 'All of it');
  return async () => {
    try {
      const { bavail, blocks, bsize } = await statfs(config.dataDir);
      free.set(bavail * bsize);
      size.set(blocks * bsize);
    } catch (err) {
      log.warn({ err }, 'free disk could not be measured');
    }
  };
}
