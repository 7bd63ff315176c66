import { join } from 'node:path';
import { databaseFileName } from './connection.ts';
import { SqliteFile } from './file.ts';

/**
 * Copies the database of `folder` into `target`, which must not have one, as it stands at one moment; other processes go on writing.
 *
 * SQLite's VACUUM INTO: what the copy holds was committed, and it needs no log beside it.
 */
export function copySqlite(folder: string, target: string): void {
  const file = new SqliteFile(join(folder, databaseFileName));
  try {
    file.run('vacuum into ?', [join(target, databaseFileName)]);
  } finally {
    file.close();
  }
}
