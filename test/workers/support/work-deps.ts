import { randomUUID } from 'node:crypto';
import { connectDatabase } from '../../../shared/adapters/database/connect-database.ts';
import type { Database, LogoRow, RenderRow, ToldEnd } from '../../../shared/adapters/database/database.ts';
import type { RunningJob } from '../../../shared/adapters/job-worker.ts';
import { connectObjects } from '../../../shared/adapters/objects/connect-objects.ts';
import type { ObjectStore } from '../../../shared/adapters/objects/objects.ts';
import type { NewJob } from '../../../shared/adapters/queues.ts';
import { parseConfig } from '../../../shared/config.ts';
import { jobs, type QueueName } from '../../../shared/contract/jobs.ts';
import type { RenderSpec } from '../../../shared/domain/render-spec.ts';
import { unavailable } from '../../../shared/errors.ts';
import { createLog } from '../../../shared/log.ts';
import { Tally } from '../../../shared/tally.ts';
import type { WorkDeps } from '../../../workers/handlers.ts';
import { drawRender } from '../../../workers/image/draw.ts';
import { temporaryFolder } from '../../support/servers.ts';

/** A queue in memory that remembers what it was given and told; away when it is set so. */
export class RecordingQueues {
  readonly added: NewJob[] = [];
  readonly announced: string[] = [];
  readonly changed: string[] = [];
  readonly ends: ToldEnd[] = [];
  isAway = false;
  isEmptied = false;

  async add(newJobs: NewJob[]): Promise<void> {
    if (this.isAway) throw unavailable('queue_unavailable', 'The queue is away');
    this.added.push(...newJobs);
  }

  async liveJobs(queue: QueueName, jobIds: string[]): Promise<Set<string>> {
    const alive = new Set(this.added.filter(({ name }) => jobs[name].queue === queue).map(({ jobId }) => jobId));
    return new Set(jobIds.filter((id) => alive.has(id)));
  }

  async claimEpoch(): Promise<boolean> {
    const { isEmptied } = this;
    this.isEmptied = false;
    return isEmptied;
  }

  async announceEnded(ids: string[], ends: ToldEnd[] = []): Promise<void> {
    if (this.isAway) throw unavailable('queue_unavailable', 'The queue is away');
    this.announced.push(...ids);
    this.ends.push(...ends);
  }

  async announceChanged(slugs: string[]): Promise<void> {
    if (this.isAway) throw unavailable('queue_unavailable', 'The queue is away');
    this.changed.push(...slugs);
  }
}

export type TestDeps = WorkDeps & {
  database: Database;
  objects: ObjectStore & { isAway: boolean };
  queues: RecordingQueues;
  cached: Map<string, Buffer>;
  /** What the clock shows. */
  clock: { now: number };
  close(): Promise<void>;
};

/** Real SQLite and folder in a temporary place, or the stores that `variables` name; a queue and a cache that record. */
export async function openDeps(variables: Record<string, string> = {}): Promise<TestDeps> {
  const config = parseConfig({ DATA_DIR: await temporaryFolder(), ...variables }, 'start');
  const log = createLog('test', 'silent');
  const database = await connectDatabase(config.database, log);
  const store = await connectObjects(config.objects);
  const objects = awayable(store);
  const cached = new Map<string, Buffer>();
  const clock = { now: 1_800_000_000_000 };
  return {
    database,
    objects,
    queues: new RecordingQueues(),
    cached,
    imageCache: {
      async put(images) {
        for (const { id, bytes } of images) cached.set(id, bytes);
      },
    },
    draw: drawRender,
    logoPixels: 4_000_000,
    scanRetentionDays: 0,
    imageKeepDays: 30,
    auditKeepDays: 400,
    usageKeepDays: 800,
    outbound: {
      post: async () => {
        throw new Error('This test calls nobody');
      },
    },
    webhookTimeScale: 1,
    secretKey: 'a secret that is only for tests',
    publicUrl: 'https://qr.example.com',
    batches: {
      csvLimits: { bytes: 1_000_000, rows: 1000, columns: 50, lineBytes: 65_536 },
      keepDays: 7,
      rowsPerPart: 10_000,
      shortOrigin: 'https://q.example.com',
      ownUrls: ['https://qr.example.com'],
      targetDeny: [],
    },
    lot: () => 0.5,
    log,
    tally: new Tally(),
    clock,
    now: () => clock.now,
    pause: async (ms) => {
      clock.now += ms;
    },
    ending: new AbortController().signal,
    async close() {
      await database.close();
      await store.close();
    },
  };
}

function awayable(store: ObjectStore): ObjectStore & { isAway: boolean } {
  const check = (): void => {
    if (objects.isAway) throw unavailable('storage_unavailable', 'The object store is away');
  };
  const objects: ObjectStore & { isAway: boolean } = {
    isAway: false,
    async put(key, bytes, options) {
      check();
      return store.put(key, bytes, options);
    },
    async putStream(key, chunks, options) {
      check();
      return store.putStream(key, chunks, options);
    },
    async get(key) {
      check();
      return store.get(key);
    },
    async getStream(key, range) {
      check();
      return store.getStream(key, range);
    },
    async remove(key) {
      check();
      return store.remove(key);
    },
    list: (prefix, after) => store.list(prefix, after),
    async modifiedAt(key) {
      check();
      return store.modifiedAt(key);
    },
    async removeUnfinished(before) {
      check();
      return store.removeUnfinished(before);
    },
    async ping() {
      check();
      return store.ping();
    },
    close: () => store.close(),
  };
  return objects;
}

export function specOf(text: string, more: Partial<RenderSpec> = {}): RenderSpec {
  return {
    content: { type: 'text', text },
    format: 'png',
    size: 300,
    margin: 4,
    marginPx: null,
    errorCorrection: 'M',
    foreground: '#000000',
    background: '#ffffff',
    logo: null,
    ...more,
  };
}

/** Accepts one row for each spec, all under `jobId`. */
export async function acceptRows(deps: TestDeps, specs: RenderSpec[], jobId = 'job-1'): Promise<RenderRow[]> {
  const rows = specs.map((spec) => ({ id: `rnd_${randomUUID()}`, tenantId: 't', spec, rendererVersion: 1, jobId }));
  const accepted = await deps.database.renders.accept(rows, deps.now());
  return accepted.map(({ row }) => row);
}

export async function acceptLogo(deps: TestDeps, bytes: Buffer, jobId = 'job-1'): Promise<LogoRow> {
  const id = `logo_${randomUUID()}`;
  await deps.objects.put(`logos/${id}`, bytes, { contentType: 'image/png', durable: false });
  const logo = { id, tenantId: 't', contentType: 'image/png', sizeBytes: bytes.length, sha256: '0'.repeat(64), jobId };
  const [accepted] = await deps.database.logos.accept([{ ...logo, contentType: 'image/png' }], deps.now());
  if (accepted === undefined) throw new Error('The logo was not accepted');
  return accepted.row;
}

export async function renderOf(deps: TestDeps, id: string): Promise<RenderRow> {
  const row = await deps.database.renders.find(id);
  if (row === null) throw new Error(`No render ${id}`);
  return row;
}

export function runningJob(name: string, payload: unknown, more: Partial<RunningJob> = {}): RunningJob {
  const normal = { stalls: 0, reached: null, noteReached: () => undefined, attempt: 1, lastAttempt: false };
  return { id: 'job-1', name, payload, ...normal, ...more };
}
