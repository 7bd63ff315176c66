import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScanStore } from '../shared/adapters/database/scan-store.ts';
import type { Queues } from '../shared/adapters/queues.ts';
import { maxScansPerJob, type ScanEvent } from '../shared/contract/scan-event.ts';
import { Journal, type Segment } from '../shared/journal.ts';
import type { Log } from '../shared/log.ts';
import { DeliveryRounds } from './delivery-rounds.ts';
import { adoptJournals, type JournalFolder, makeJournalFolder } from './journal-folders.ts';
import type { Parcel } from './parcel.ts';

export type DeliveryNeeds = {
  dataDir: string;
  scans: Pick<ScanStore, 'findRecorded' | 'forgetRecorded'>;
  queues: Pick<Queues, 'add' | 'liveJobs' | 'onEnded' | 'assertAcceptsWork'>;
  log: Log;
  now: () => number;
  /** Is told how many scans shared a write. */
  observe?: (size: number) => void;
};

export type DeliveryState = {
  /** Scans that were redirected but could not be written down, since this process started. */
  scansLost: number;
  /** What is on the disk of this process and not known to be in the ledger. */
  segments: number;
  sizeBytes: number;
  /** When the oldest of it was written, ms since 1970. */
  oldestAt: number | null;
};

const sealEveryMs = 500;
const adoptEveryMs = 30_000;
/** A loss is told again in the log after this time. */
const tellEveryMs = 10_000;

/**
 * Writes scans down and brings them to the ledger: a scan is on the disk when `record` resolves, and on the disk it stays until
 * the ledger has it, whatever dies in between.
 *
 * The journals of processes that died below the same DATA_DIR are adopted, at the start and every 30 s.
 */
export class ScanDelivery {
  readonly #needs: DeliveryNeeds;
  readonly #root: string;
  readonly #folder: JournalFolder;
  readonly #journal: Journal<ScanEvent>;
  readonly #parcels = new Map<string, Parcel>();
  readonly #rounds: DeliveryRounds;
  readonly #stopListening: () => void;
  #scansLost = 0;
  #lossTold = Number.NEGATIVE_INFINITY;
  #timers: NodeJS.Timeout[] = [];

  private constructor(needs: DeliveryNeeds, root: string, folder: JournalFolder) {
    this.#needs = needs;
    this.#root = root;
    this.#folder = folder;
    this.#journal = new Journal<ScanEvent>({
      folder: folder.path,
      id: folder.id,
      maxItems: maxScansPerJob,
      now: needs.now,
      onSealed: (segment) => this.#take(segment, folder),
      ...(needs.observe && { observe: needs.observe }),
    });
    this.#rounds = new DeliveryRounds({ ...needs, parcels: this.#parcels, done: (parcels) => this.#drop(parcels) });
    this.#stopListening = needs.queues.onEnded((ids) => this.#rounds.announced(ids));
  }

  /** Makes a journal of this process' own below `dataDir`/journal, adopts those of dead ones, and begins to deliver. */
  static async start(needs: DeliveryNeeds): Promise<ScanDelivery> {
    const root = join(needs.dataDir, 'journal');
    const delivery = new ScanDelivery(needs, root, await makeJournalFolder(root));
    await delivery.#adopt();
    delivery.#timers = [
      setInterval(() => delivery.#journal.seal(), sealEveryMs),
      setInterval(() => void delivery.#adopt(), adoptEveryMs),
    ];
    delivery.#rounds.start();
    return delivery;
  }

  /** Writes a scan down. Resolves when it is on the disk, or when it could not be and is counted as lost; never rejects. */
  record(event: ScanEvent): Promise<void> {
    return this.#journal.append(event).catch((err: unknown) => this.#lose(err));
  }

  /** Throws when no scan could be written down now: the disk is full, say. */
  probe(): Promise<void> {
    return this.#folder.probe();
  }

  state(): DeliveryState {
    const waiting = [...this.#parcels.values(), ...(this.#journal.current ? [this.#journal.current] : [])];
    return {
      scansLost: this.#scansLost,
      segments: waiting.length,
      sizeBytes: waiting.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      oldestAt:
        waiting.length === 0
          ? null
          : waiting.reduce((oldest, { since }) => Math.min(oldest, since), Number.POSITIVE_INFINITY),
    };
  }

  /**
   * Brings what is left to the ledger, at most for `graceMs`, and not while queue or ledger are away. What is left then stays on the disk
   * for the next process below this DATA_DIR. No scan may come any more.
   */
  async close({ graceMs }: { graceMs: number }): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#journal.close();
    await this.#rounds.finish(graceMs);
    this.#stopListening();
    const left = this.state();
    const folders = new Set([...this.#parcels.values()].map(({ folder }) => folder));
    for (const folder of folders) folder.release();
    if (!folders.has(this.#folder)) await this.#folder.remove();
    const { log } = this.#needs;
    if (left.segments === 0) log.debug('every scan is in the ledger');
    else log.warn({ ...left, folder: this.#root }, 'scans stay in the journal: the next process here delivers them');
  }

  #lose(err: unknown): void {
    this.#scansLost++;
    if (performance.now() - this.#lossTold < tellEveryMs) return;
    this.#lossTold = performance.now();
    this.#needs.log.error({ err, scansLost: this.#scansLost }, 'scans lost: the journal cannot be written');
  }

  #take(segment: Segment, folder: JournalFolder): void {
    this.#parcels.set(segment.id, { ...segment, folder, addedAt: null, askedAt: 0, restsUntil: 0 });
    this.#rounds.sealed(segment.count);
  }

  async #drop(parcels: Parcel[]): Promise<void> {
    for (const { id, file } of parcels) {
      await rm(file, { force: true });
      this.#parcels.delete(id);
    }
    const used = new Set([...this.#parcels.values()].map(({ folder }) => folder));
    for (const folder of new Set(parcels.map(({ folder }) => folder)))
      if (folder !== this.#folder && !used.has(folder)) await folder.remove();
  }

  async #adopt(): Promise<void> {
    const held = new Set([this.#folder.id, ...[...this.#parcels.values()].map(({ folder }) => folder.id)]);
    const { log } = this.#needs;
    try {
      for (const { folder, segments } of await adoptJournals(this.#root, held, log)) {
        log.info(
          { journal: folder.id, segments: segments.length },
          'the journal of a process that is gone is delivered',
        );
        for (const segment of segments) this.#take(segment, folder);
      }
    } catch (err) {
      log.warn({ err }, 'journals of other processes could not be looked at');
    }
  }
}
