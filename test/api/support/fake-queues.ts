import { hash } from 'node:crypto';
import type { Database } from '../../../shared/adapters/database/database.ts';
import type { ObjectStore } from '../../../shared/adapters/objects/objects.ts';
import type { NewJob, Queues } from '../../../shared/adapters/queues.ts';
import type { Forgotten, Heard } from '../../../shared/adapters/redis-channel.ts';
import { imageKey } from '../../../shared/domain/object-key.ts';
import { contentTypeOf, type LogoFacts, type RenderSpec } from '../../../shared/domain/render-spec.ts';
import { unavailable, type WorkError } from '../../../shared/errors.ts';

type Stores = { database: Database; objects: ObjectStore };

/** Queues in memory with a worker behind them whose images are a few words; it can be stopped, and the queue be away. */
export class FakeQueues implements Queues {
  /** Known to be away: new work is refused before a row is written. */
  away = false;
  /** Goes away between the row and the job. */
  losesJobs = false;
  /** Jobs stay where they are until `work()`. */
  isHeld = false;
  /** What the next drawings and checks fail with. */
  failure: WorkError | null = null;
  logoFacts: LogoFacts = { widthPx: 400, heightPx: 400 };
  /** How images are drawn: a few words, unless a test wants pixels. */
  drawing = async (spec: RenderSpec): Promise<Buffer> =>
    Buffer.from(`${spec.format} of ${JSON.stringify(spec.content)} at ${spec.size} px`);
  readonly jobs: NewJob[] = [];
  #next = 0;
  readonly #listeners = new Set<Heard['ended']>();
  readonly #forgetters = new Set<Heard['forget']>();
  readonly #followers = new Set<Heard['changed']>();
  readonly #stores: Stores;

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  async add(jobs: NewJob[]): Promise<void> {
    if (this.losesJobs) throw unavailable('queue_unavailable', 'The queue is away');
    this.jobs.push(...jobs);
    if (!this.isHeld) setImmediate(() => void this.work());
  }

  assertAcceptsWork(): void {
    if (this.away) throw unavailable('queue_unavailable', 'The queue is away');
  }

  state() {
    return { reachable: !this.away, memoryShare: null };
  }

  onEnded(listener: Heard['ended']): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onForgotten(listener: Heard['forget']): () => void {
    this.#forgetters.add(listener);
    return () => this.#forgetters.delete(listener);
  }

  async announceForgotten(what: Forgotten): Promise<void> {
    for (const listener of this.#forgetters) listener(what);
  }

  onChanged(listener: Heard['changed']): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  async announceChanged(slugs: string[]): Promise<void> {
    for (const listener of this.#followers) listener(slugs);
  }

  async announceEnded(ids: string[]): Promise<void> {
    for (const listener of this.#listeners) listener(ids, []);
  }

  async liveJobs(): Promise<Set<string>> {
    return new Set();
  }

  async claimEpoch(): Promise<boolean> {
    return false;
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  /** Does the jobs that were not done yet. */
  async work(): Promise<void> {
    const jobs = this.jobs.slice(this.#next);
    this.#next = this.jobs.length;
    for (const job of jobs) {
      if (job.name === 'render-codes') await this.#draw(job.payload.renderIds);
      if (job.name === 'check-logo') await this.#check(job.payload.logoId);
    }
  }

  async #draw(ids: string[]): Promise<void> {
    const { database, objects } = this.#stores;
    const at = Date.now();
    for (const { id, spec } of await database.renders.findMany(ids)) {
      if (this.failure) {
        await database.renders.finish([{ id, at, result: null, error: this.failure }]);
        continue;
      }
      const bytes = await this.drawing(spec);
      await objects.put(imageKey(id, spec.format), bytes, { contentType: contentTypeOf[spec.format], durable: false });
      const sha256 = hash('sha256', bytes, 'hex');
      const result = {
        version: 2,
        modules: 25,
        errorCorrection: 'M',
        mask: 3,
        sizeBytes: bytes.length,
        sha256,
      } as const;
      await database.renders.finish([{ id, at, result, error: null }]);
    }
    await this.announceEnded(ids);
  }

  async #check(id: string): Promise<void> {
    const at = Date.now();
    const { logos } = this.#stores.database;
    if (this.failure) await logos.finish([{ id, at, result: null, error: this.failure }]);
    else await logos.finish([{ id, at, result: this.logoFacts, error: null }]);
    await this.announceEnded([id]);
  }
}
