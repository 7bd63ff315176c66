import { Readable } from 'node:stream';
import { ZipArchive } from 'archiver';
import { gatherWrites } from './gather-writes.ts';

/** `name` is flat, and given once. What comes in chunks is deflated, all else is stored. */
export type ZipEntry = { name: string } & ({ bytes: Buffer } | { chunks: AsyncIterable<Buffer> });

/** Pieces of the ZIP are given on when they have come to so many bytes: a store takes few large ones faster than many small. */
const pieceBytes = 256 * 1024;

/** -rw-r--r-- */
const mode = 0o644;

/**
 * Makes a ZIP of entries as they come: equal entries and dates give equal bytes. An entry is taken when the one before is written and
 * what came of it was read, so a slow reader holds up the entries, and few MB are in memory.
 */
export async function* zipOf(entries: AsyncIterable<ZipEntry>, date: Date): AsyncGenerator<Buffer, void> {
  const archive = new ZipArchive({ store: true });
  gatherWrites(archive);
  const output = readOf(archive);
  try {
    for await (const entry of entries) {
      const written = output.nextEntry();
      const { name } = entry;
      if ('bytes' in entry) {
        archive.append(entry.bytes, { name, date, mode });
        yield* output.until(written);
      } else {
        const source = Readable.from(entry.chunks, { objectMode: false }).on('error', output.fail);
        // Its length is known behind it only, and those who read a ZIP as it comes find the end of a deflated entry alone.
        archive.append(source, { name, date, mode, store: false });
        try {
          yield* output.until(written);
        } finally {
          source.destroy();
        }
      }
    }
    archive.finalize().catch(() => undefined); // it comes as an event too
    yield* output.until(output.isEnded);
    yield* output.rest();
  } finally {
    archive.destroy();
  }
}

/** Reads what an archive puts out while it waits for its events: a full archive would never come to the next. */
function readOf(archive: ZipArchive) {
  let written = 0;
  let ended = false;
  let failure: { error: unknown } | null = null;
  let wake = (): void => undefined;
  let gathered: Buffer[] = [];
  let gatheredBytes = 0;

  const on = (event: string, note: () => void): void => {
    archive.on(event, () => {
      note();
      wake();
    });
  };
  on('entry', () => written++);
  on('end', () => {
    ended = true;
  });
  on('readable', () => undefined);
  const fail = (error: unknown): void => {
    failure ??= { error };
    wake();
  };
  archive.on('error', fail);

  function* rest(): Generator<Buffer, void> {
    const [only] = gathered;
    // A large one is not copied.
    if (only !== undefined) yield gathered.length === 1 ? only : Buffer.concat(gathered);
    gathered = [];
    gatheredBytes = 0;
  }

  return {
    rest,
    fail,
    isEnded: (): boolean => ended,

    /** Answers what tells that the entry which is appended next is written. */
    nextEntry(): () => boolean {
      const before = written;
      return () => written > before;
    },

    async *until(isDone: () => boolean): AsyncGenerator<Buffer, void> {
      for (;;) {
        const chunk: Buffer | null = archive.read();
        if (chunk !== null) {
          gathered.push(chunk);
          gatheredBytes += chunk.length;
          if (gatheredBytes >= pieceBytes) yield* rest();
          continue;
        }
        if (failure !== null) throw failure.error;
        if (isDone()) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
