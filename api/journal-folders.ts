import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from '../shared/adapters/folder-lock.ts';
import type { Segment } from '../shared/journal.ts';
import type { Log } from '../shared/log.ts';
import { isUnused, segmentExtension, syncFolder } from '../shared/segment-file.ts';

const lockName = 'lock';
const probeName = 'probe';
/** More than a file system keeps beside a file's name. */
const probeBytes = 16 * 1024;
/** Folders that are being made begin so: they have no lock yet that others could look at. */
const unfinished = '.new-';
/** A folder that was still being made so long ago belongs to a process that died over it. */
const unfinishedMs = 60 * 60 * 1000;

/** A journal's folder below `root`, locked by this process. */
export type JournalFolder = {
  id: string;
  path: string;
  /** Throws when nothing can be written in it: the disk is full, say. */
  probe(): Promise<void>;
  /** Removes it with all that is in it, and lets go of it. */
  remove(): Promise<void>;
  /** Lets go of it: who comes next adopts what is in it. */
  release(): void;
};

/** Makes a journal folder of our own, locked before any other process can see it. */
export async function makeJournalFolder(root: string): Promise<JournalFolder> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const id = `j${randomBytes(9).toString('hex')}`;
  const hidden = join(root, `${unfinished}${id}`);
  await mkdir(hidden, { mode: 0o700 });
  const unlock = tryLock(join(hidden, lockName));
  if (unlock === null) throw new Error(`${hidden} was made just now, and is locked`);
  const path = join(root, id);
  await rename(hidden, path);
  await syncFolder(root);
  return lockedFolder(id, path, unlock);
}

/**
 * Takes over the journals of processes that are gone, with the segments that these left. Empty ones are removed; one that cannot be
 * read now is let go of again.
 *
 * @param own ids of the folders that this process holds already
 */
export async function adoptJournals(
  root: string,
  own: ReadonlySet<string>,
  log: Log,
): Promise<{ folder: JournalFolder; segments: Segment[] }[]> {
  const adopted: { folder: JournalFolder; segments: Segment[] }[] = [];
  for (const id of await readdir(root)) {
    if (id.startsWith(unfinished)) await removeForgotten(join(root, id));
    else if (!own.has(id)) {
      const folder = takeFolder(root, id);
      if (folder === null) continue;
      try {
        const segments = await segmentsOf(folder);
        if (segments.length === 0) await folder.remove();
        else adopted.push({ folder, segments });
      } catch (err) {
        folder.release();
        log.warn({ err, journal: id }, 'the journal of a process that is gone cannot be read for now');
      }
    }
  }
  return adopted;
}

function takeFolder(root: string, id: string): JournalFolder | null {
  const path = join(root, id);
  try {
    const unlock = tryLock(join(path, lockName));
    return unlock && lockedFolder(id, path, unlock);
  } catch {
    return null; // Whoever held it has just removed it; anything else shows again at the next look.
  }
}

function lockedFolder(id: string, path: string, unlock: () => void): JournalFolder {
  return {
    id,
    path,
    async probe() {
      const file = join(path, probeName);
      await writeFile(file, Buffer.alloc(probeBytes), { mode: 0o600 });
      await rm(file, { force: true });
    },
    async remove() {
      await rm(path, { recursive: true, force: true });
      unlock();
    },
    release: unlock,
  };
}

async function segmentsOf({ id, path }: JournalFolder): Promise<Segment[]> {
  const names = (await readdir(path)).filter((name) => name.endsWith(segmentExtension)).sort();
  const segments: Segment[] = [];
  for (const name of names) {
    const file = join(path, name);
    if (await isUnused(file)) continue;
    const { size, mtimeMs } = await stat(file);
    const segmentId = `${id}-${name.slice(0, -segmentExtension.length)}`;
    segments.push({ id: segmentId, file, count: 0, sizeBytes: size, since: mtimeMs });
  }
  return segments;
}

async function removeForgotten(path: string): Promise<void> {
  const facts = await stat(path).catch(() => null);
  if (facts && Date.now() - facts.mtimeMs > unfinishedMs) await rm(path, { recursive: true, force: true });
}
