import { type FileHandle, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unavailable } from './errors.ts';
import { EvenGroups } from './even-groups.ts';
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
 * next, or with the two next (even-groups.ts).
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
  readonly #groups: EvenGroups;
  #isRunning = false;
  /** Resolves when nothing waits any more. */
  #written = Promise.resolve();
  #writing = false;
  #sealWanted = false;
  #restsUntil = 0;

  constructor(options: JournalOptions) {
    const observe = (): void => undefined;
    this.#options = { openFile: openSegmentFile, restMs: 100, observe, ...options };
    this.#groups = new EvenGroups(options.maxItems);
  }

  /**
   * Resolves when the item is on the disk; rejects with AppError `unavailable` when it could not be written (disk full, say).
   *
   * Items that come one behind the other may share a promise.
   */
  append(item: Item): Promise<void> {
    const written = this.#groups.add(encodeLine(item));
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#written = new Promise((done) => setImmediate(() => this.#run(done)));
    }
    return written;
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
    this.#isRunning = !this.#groups.isEmpty;
    if (!this.#isRunning) {
      done();
      return;
    }
    const { lines, resolve, reject } = this.#groups.take();
    this.#write(lines)
      .finally(() => this.#run(done))
      .then(resolve, reject);
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
