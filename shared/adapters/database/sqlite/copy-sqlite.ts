import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { SqliteFile } from './file.ts';
import { databaseFileName } from './file-name.ts';

/**
 * Copies the database of `folder` into `target`, which must not have one, as it stands at one moment; other processes go on writing.
 *
 * SQLite's VACUUM INTO: what the copy holds was committed, and it needs no log beside it.
 */
export function copySqlite(folder: string, target: string): void {
  const file = new SqliteFile(join(folder, databaseFileName));
  try {
    file.run('vacuum into ?', [join(target, databaseFileName)]);
    chmodSync(join(target, databaseFileName), 0o600);
  } finally {
    file.close();
  }
}
