import { type FileHandle, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unavailable } from './errors.ts';
import { encodeLine } from './journal-lines.ts';
import { makeRoom, openSegmentFile, segmentExtension, syncFolder, writeWhole } from './segment-file.ts';

/** A file of the journal that gets no more lines. */
export type Segment = {
  /** Unique among all journals: usable as the id of a job. */
  id: string;
  file: string;
  count: number;
  sizeBytes: number;
  /** When its first line was written, ms since 1970. */
  since: number;
};

/** `roomBytes`: what its file had room for when it was made. */
type OpenSegment = Segment & { handle: FileHandle; roomBytes: number };

/** Items differ: so many times what they came to so far is made ready for the next. */
const spareRoom = 1.125;

/** Items that came one behind the other, and share a promise. */
type Bundle = { lines: string[]; written: Promise<void>; resolve: () => void; reject: (error: unknown) => void };

const bundleItems = 8;

type JournalOptions = {
  /** Exists, and nobody else writes there. */
  folder: string;
  /** Begins the ids of its segments. */
  id: string;
  /** A segment is sealed when the next group would bring it above so many items. */
  maxItems: number;
  now: () => number;
  /** Gets each segment that is sealed, in their order; never an empty one. */
  onSealed: (segment: Segment) => void;
  /** Is told how many items shared a write. */
  observe?: (size: number) => void;
  /** Makes a file whose writes are durable when they return; tests put one there that fails. */
  openFile?: (file: string) => Promise<FileHandle>;
  /** After a failure everything is refused for so long: a full disk is not asked again for each item. Default 100 ms. */
  restMs?: number;
};

/**
 * Keeps items on disk until they are somewhere else. What is appended while one synced write is under way goes together with the
 * next, or with the two next: groups of one size keep disk and processor at work side by side, while one and all others in turn
 * would wait for each other.
 *
 * A failed write ends the segment: what had been acknowledged in it stands, nothing is written behind what may be torn,
 * and the next group begins a new one.
 */
export class Journal<Item> {
  readonly #options: Required<JournalOptions>;
  readonly #closing = new Set<Promise<void>>();
  #current: OpenSegment | null = null;
  #next: Promise<OpenSegment | null> | null = null;
  #segments = 0;
  readonly #waiting: Bundle[] = [];
  #lastGroupItems = 0;
  #isRunning = false;
  /** Resolves when nothing waits any more. */
  #written = Promise.resolve();
  #writing = false;
  #sealWanted = false;
  #restsUntil = 0;

  constructor(options: JournalOptions) {
    const observe = (): void => undefined;
    this.#options = { openFile: openSegmentFile, restMs: 100, observe, ...options };
  }

  /**
   * Resolves when the item is on the disk; rejects with AppError `unavailable` when it could not be written (disk full, say).
   *
   * Items that come one behind the other may share a promise.
   */
  append(item: Item): Promise<void> {
    let bundle = this.#waiting.at(-1);
    if (bundle === undefined || bundle.lines.length >= Math.min(bundleItems, this.#options.maxItems)) {
      bundle = newBundle();
      this.#waiting.push(bundle);
    }
    bundle.lines.push(encodeLine(item));
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#written = new Promise((done) => setImmediate(() => this.#run(done)));
    }
    return bundle.written;
  }

  /** How much the segment that is written holds, and since when; null when there is none. */
  get current(): Pick<Segment, 'sizeBytes' | 'count' | 'since'> | null {
    return this.#current === null || this.#current.count === 0 ? null : this.#current;
  }

  /** Seals the segment that is written, when it holds something; one that is being written, when that is done. */
  seal(): void {
    if (this.#writing) this.#sealWanted = true;
    else this.#sealNow();
  }

  /** Writes what was appended, seals it and closes every file. Nothing may be appended any more. */
  async close(): Promise<void> {
    await this.#written;
    this.seal();
    const spare = await this.#next;
    if (spare) this.#discard(spare);
    if (this.#current) this.#discard(this.#current);
    while (this.#closing.size > 0) await Promise.all(this.#closing);
  }

  /** The disk gets the next group before whoever waited for this one goes on: it works while they are answered. */
  #run(done: () => void): void {
    this.#isRunning = this.#waiting.length > 0;
    if (!this.#isRunning) {
      done();
      return;
    }
    const group = this.#nextGroup();
    this.#write(group.flatMap(({ lines }) => lines))
      .finally(() => this.#run(done))
      .then(
        () => {
          for (const { resolve } of group) resolve();
        },
        (error) => {
          for (const { reject } of group) reject(error);
        },
      );
  }

  /** As many as wait, or half of these and the last group together when that is less. */
  #nextGroup(): Bundle[] {
    const evenBundles = Math.ceil((this.#lastGroupItems + itemsOf(this.#waiting)) / 2 / bundleItems);
    const mostBundles = Math.floor(this.#options.maxItems / bundleItems);
    const group = this.#waiting.splice(0, Math.max(1, Math.min(evenBundles, mostBundles)));
    this.#lastGroupItems = itemsOf(group);
    return group;
  }

  async #write(group: string[]): Promise<void> {
    this.#writing = true;
    try {
      if (performance.now() < this.#restsUntil) throw new Error('A write failed a moment ago');
      const lines = Buffer.from(group.join(''));
      const segment = this.#segmentFor(group.length) ?? (await this.#nextSegment());
      await writeWhole(segment.handle, lines, segment.sizeBytes);
      if (segment.count === 0) segment.since = this.#options.now();
      segment.count += group.length;
      segment.sizeBytes += lines.length;
      this.#makeNextReady(segment);
      this.#options.observe(group.length);
    } catch (cause) {
      if (performance.now() >= this.#restsUntil) this.#giveUp();
      throw unavailable('journal_unavailable', `The journal could not be written: ${(cause as Error).message}`, cause);
    } finally {
      this.#writing = false;
      if (this.#sealWanted) this.#sealNow();
    }
  }

  /** The segment that is written, sealed when it has no room for so many items; null when another is needed. */
  #segmentFor(items: number): OpenSegment | null {
    const { maxItems } = this.#options;
    if (this.#current && this.#current.count > 0 && this.#current.count + items > maxItems) this.#sealNow();
    return this.#current;
  }

  async #nextSegment(): Promise<OpenSegment> {
    const spare = await this.#next;
    this.#next = null;
    this.#current = spare ?? (await this.#open(0));
    return this.#current;
  }

  /** Makes the file behind a segment before it is needed, so that no group waits for it, with the room that the items so far let expect. */
  #makeNextReady({ count, sizeBytes }: OpenSegment): void {
    const { maxItems } = this.#options;
    if (this.#next !== null || count <= maxItems / 8) return;
    this.#next = this.#open((sizeBytes / count) * maxItems * spareRoom).catch(() => null);
  }

  async #open(roomBytes: number): Promise<OpenSegment> {
    const { folder, id, openFile } = this.#options;
    const name = String(++this.#segments).padStart(9, '0');
    const file = join(folder, `${name}${segmentExtension}`);
    const handle = await openFile(file);
    try {
      await makeRoom(handle, roomBytes);
      await syncFolder(folder);
    } catch (error) {
      this.#close(handle);
      this.#track(rm(file, { force: true }));
      throw error;
    }
    return { id: `${id}-${name}`, file, handle, roomBytes, count: 0, sizeBytes: 0, since: 0 };
  }

  #sealNow(): void {
    this.#sealWanted = false;
    const segment = this.#current;
    if (segment === null || segment.count === 0) return;
    this.#current = null;
    const { handle, roomBytes, ...sealed } = segment;
    if (roomBytes > sealed.sizeBytes) this.#track(handle.truncate(sealed.sizeBytes).finally(() => handle.close()));
    else this.#close(handle);
    this.#options.onSealed(sealed);
  }

  #giveUp(): void {
    this.#restsUntil = performance.now() + this.#options.restMs;
    const segment = this.#current;
    if (segment === null) return;
    if (segment.count > 0) this.#sealNow();
    else this.#discard(segment);
  }

  #discard(segment: OpenSegment): void {
    if (segment === this.#current) this.#current = null;
    this.#close(segment.handle);
    this.#track(rm(segment.file, { force: true }));
  }

  #close(handle: FileHandle): void {
    this.#track(handle.close());
  }

  /** What goes wrong here concerns no item: those that count were synced before. */
  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work
      .catch(() => undefined)
      .finally(() => {
        this.#closing.delete(tracked);
      });
    this.#closing.add(tracked);
  }
}

/** All but the last are full, unless segments have less than one bundle. */
function itemsOf(bundles: Bundle[]): number {
  return (bundles.length - 1) * bundleItems + (bundles.at(-1)?.lines.length ?? 0);
}

function newBundle(): Bundle {
  let settle: Pick<Bundle, 'resolve' | 'reject'> | null = null;
  const written = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { lines: [], written, ...(settle as unknown as Pick<Bundle, 'resolve' | 'reject'>) };
}
