import { setTimeout as delay } from 'node:timers/promises';
import type { DeliveryNeeds } from './deliver-scans.ts';
import { linesOf, type Parcel } from './parcel.ts';
import { RestingStep } from './resting-step.ts';

/** Jobs with scans that are on the queue at once: what comes in faster than workers record it waits on our disk, not in Redis. */
const maxUnderWay = 64;
/** While more scans a second than this come in, the processor is left to them … */
const busyRate = 2000;
/** … and only one segment is delivered in this time. */
const busyPaceMs = 500;
/** Jobs in one command: about 1.5 MB. */
const addedTogether = 8;
/** A round begins when there is something to do, and after this time in any case. */
const roundEveryMs = 500;
/** What comes within this time is done in one round. */
const gatherMs = 20;
/** When nothing was heard of a job for so long, the ledger and the queue are asked. */
const askAfterMs = 5000;
const askAfterWhenFinishingMs = 250;
/** A segment that could not be read is left alone for so long. */
const unreadableRestMs = 30_000;

type Needs = Pick<DeliveryNeeds, 'scans' | 'queues' | 'log'> & {
  parcels: Map<string, Parcel>;
  /** Deletes what the ledger has. */
  done: (parcels: Parcel[]) => Promise<void>;
};

/**
 * Carries parcels to the queue and asks the ledger what became of them, round after round: slowly while very many scans come in, as
 * the ledger can wait and people cannot. A step that fails rests while the other goes on.
 */
export class DeliveryRounds {
  readonly #needs: Needs;
  readonly #announced = new Set<string>();
  readonly #add: RestingStep;
  readonly #settle: RestingStep;
  #wake: (() => void) | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #askAfterMs = askAfterMs;
  #addedLast = Number.NEGATIVE_INFINITY;
  #written = 0;
  #rate = { countedAt: performance.now(), perSecond: 0 };

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#add = new RestingStep('queue', () => this.#addJobs(), needs.log);
    this.#settle = new RestingStep('ledger', () => this.#settleParcels(), needs.log);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Notes a segment that was sealed just now. */
  sealed(count: number): void {
    this.#written += count;
    this.wake();
  }

  /** Begins a round soon. */
  wake(): void {
    this.#wake?.();
  }

  /** Takes ids of what ended: those of parcels are asked after in the next round. */
  announced(ids: string[]): void {
    for (const id of ids) if (this.#needs.parcels.has(id)) this.#announced.add(id);
    if (this.#announced.size > 0) this.wake();
  }

  /** Goes on until all is delivered, the time is up, or queue or ledger do not answer. */
  async finish(graceMs: number): Promise<void> {
    const late = performance.now() + graceMs;
    this.#stopped = true;
    this.wake();
    await Promise.race([this.#running, delay(graceMs)]);
    this.#askAfterMs = askAfterWhenFinishingMs;
    this.#add.wake();
    this.#settle.wake();
    while (this.#needs.parcels.size > 0 && performance.now() < late) {
      await Promise.race([this.#round(), delay(late - performance.now())]);
      if (this.#add.hasFailed || this.#settle.hasFailed) return;
      if (this.#needs.parcels.size > 0) await this.#somethingToDo(askAfterWhenFinishingMs);
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#somethingToDo(roundEveryMs);
      if (!this.#stopped) await this.#round();
    }
  }

  async #somethingToDo(atMostMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, atMostMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
    await delay(gatherMs);
  }

  async #round(): Promise<void> {
    await this.#settle.attempt();
    await this.#add.attempt();
  }

  async #addJobs(): Promise<void> {
    const { parcels, queues, done } = this.#needs;
    const all = [...parcels.values()];
    const underWay = all.filter(({ addedAt }) => addedAt !== null).length;
    const now = performance.now();
    const ready = all.filter(({ addedAt, restsUntil }) => addedAt === null && restsUntil <= now);
    const waiting = ready.slice(0, this.#room(underWay));
    if (waiting.length > 0) this.#addedLast = performance.now();
    for (let start = 0; start < waiting.length; start += addedTogether) {
      queues.assertAcceptsWork();
      const chunk = waiting.slice(start, start + addedTogether);
      const read = await Promise.all(chunk.map(async (parcel) => ({ parcel, lines: await this.#linesOf(parcel) })));
      const jobs = read.flatMap(({ parcel, lines }) => (lines === null ? [] : { parcel, lines }));
      const empty = jobs.filter(({ lines }) => lines === '').map(({ parcel }) => parcel);
      await done(empty);
      await queues.add(
        jobs
          .filter(({ lines }) => lines !== '')
          .map(({ parcel: { id }, lines }) => ({
            name: 'record-scans' as const,
            payload: { segmentId: id, lines },
            jobId: id,
          })),
      );
      for (const { parcel } of jobs) {
        parcel.addedAt = performance.now();
        parcel.askedAt = parcel.addedAt;
      }
    }
  }

  /** Null for one that cannot be read, which must not hold up the others. */
  async #linesOf(parcel: Parcel): Promise<string | null> {
    try {
      return await linesOf(parcel);
    } catch (err) {
      this.#needs.log.error({ err, segmentId: parcel.id }, 'a segment of scans cannot be read for now');
      parcel.restsUntil = performance.now() + unreadableRestMs;
      return null;
    }
  }

  /** How many may be added now. */
  #room(underWay: number): number {
    const room = Math.max(maxUnderWay - underWay, 0);
    if (this.#scansPerSecond() <= busyRate) return room;
    return performance.now() - this.#addedLast < busyPaceMs ? 0 : Math.min(room, 1);
  }

  /** Over the last half a second or more. */
  #scansPerSecond(): number {
    const now = performance.now();
    const seconds = (now - this.#rate.countedAt) / 1000;
    if (seconds >= roundEveryMs / 1000) {
      this.#rate = { countedAt: now, perSecond: this.#written / seconds };
      this.#written = 0;
    }
    return this.#rate.perSecond;
  }

  async #settleParcels(): Promise<void> {
    const { parcels, queues } = this.#needs;
    const asked = performance.now();
    const due = [...parcels.values()].filter(
      ({ id, addedAt, askedAt }) =>
        this.#announced.has(id) || (addedAt !== null && asked - askedAt >= this.#askAfterMs),
    );
    if (due.length === 0) return;
    const open = await this.#deleteRecorded(due);
    for (const { id } of due) this.#announced.delete(id);
    for (const parcel of due) parcel.askedAt = asked;
    const silent = open.filter(({ addedAt }) => addedAt !== null);
    if (silent.length === 0) return;
    const live = await queues.liveJobs(
      'scans',
      silent.map(({ id }) => id),
    );
    // Asked in this order: whoever has no job now and is not recorded after that has been lost, by Redis or by giving up.
    const lost = await this.#deleteRecorded(silent.filter(({ id }) => !live.has(id)));
    for (const parcel of lost) parcel.addedAt = null;
    if (lost.length > 0) this.#needs.log.warn({ segments: lost.length }, 'scans had no job and are queued again');
  }

  /** Deletes those that the ledger has; answers the others. */
  async #deleteRecorded(asked: Parcel[]): Promise<Parcel[]> {
    if (asked.length === 0) return [];
    const { scans, done } = this.#needs;
    const recorded = await scans.findRecorded(asked.map(({ id }) => id));
    const there = asked.filter(({ id }) => recorded.has(id));
    if (there.length > 0) {
      await done(there);
      await scans.forgetRecorded(there.map(({ id }) => id));
    }
    return asked.filter(({ id }) => !recorded.has(id));
  }
}
