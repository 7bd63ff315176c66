import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';
import { AppError } from '../errors.ts';

export type FolderLock = {
  /** The holder before us did not let go in order: what it started may still be ending. */
  unclean: boolean;
  close(): void;
};

/**
 * Takes a file as a lock for this process alone, until the answered function is called or the process ends, however it comes;
 * null when another process holds it. The file is made, and stays.
 *
 * SQLite's exclusive lock is one of the operating system: it dies with its holder (kill -9 too), needs no process id that
 * another process may bear by now, and holds between containers that share a volume.
 */
export function tryLock(file: string): (() => void) | null {
  const database = new Libsql(file);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!/^SQLITE_BUSY/.test((error as { code?: string }).code ?? '')) throw error;
    return null;
  }
  return () => {
    database.exec('ROLLBACK');
    database.close();
  };
}

/**
 * Takes `folder` for this process alone, until `close()` or the process' end (see tryLock).
 *
 * @throws AppError `conflict` when another process holds it
 */
export function lockFolder(folder: string): FolderLock {
  const holderFile = join(folder, 'start.pid');
  const unlock = tryLock(join(folder, 'start.lock'));
  if (unlock === null)
    throw new AppError(
      'conflict',
      'folder_in_use',
      `${folder} is in use by another QRFactory (process ${holder(holderFile)}): stop that one, or set DATA_DIR to another folder`,
    );
  const unclean = existsSync(holderFile);
  writeFileSync(holderFile, `${process.pid}\n`);
  return {
    unclean,
    close: () => {
      rmSync(holderFile, { force: true });
      unlock();
    },
  };
}

function holder(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
