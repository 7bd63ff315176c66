import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { demandDatabase } from '../../shared/adapters/database/connect-database.ts';
import { copySqlite } from '../../shared/adapters/database/sqlite/copy-sqlite.ts';
import { AppError } from '../../shared/errors.ts';
import type { AdminContext } from './admin-context.ts';

/** Secrets that `npm start` made. */
const secrets = ['secret-key', 'api-key'];

/** Names that are about a running process, or about what it had not finished. */
const notCopied = new Set(['.unfinished', 'lock', 'lock-journal']);

/**
 * Copies what is embedded in DATA_DIR into `target`, beside the running service: what was acknowledged before it began is in it. A copy
 * of `target` is a DATA_DIR: `npm start` with it carries on from there.
 *
 * In this order nothing is missed: a scan that leaves the journal is in the database by then, and an object is there before the row
 * that tells of it.
 *
 * @throws ConfigError when DATA_DIR has no database; AppError `conflict` when `target` holds something, or lies in DATA_DIR
 */
export async function backup({ config, say }: Pick<AdminContext, 'config' | 'say'>, target: string): Promise<void> {
  const { dataDir, database, objects } = config;
  await demandDatabase(database);
  if (`${resolve(target)}${sep}`.startsWith(`${dataDir}${sep}`))
    throw new AppError(
      'conflict',
      'target_in_data_dir',
      `${target} lies in DATA_DIR=${dataDir}: name a folder elsewhere`,
    );
  await mkdir(target, { recursive: true, mode: 0o700 });
  if ((await readdir(target)).length > 0)
    throw new AppError('conflict', 'not_empty', `${target} is not empty: name a folder that is, or a new one`);
  for (const name of secrets) await copyIfThere(join(dataDir, name), join(target, name));
  say(`${await copyTree(join(dataDir, 'journal'), join(target, 'journal'))} files of the scans' journal`);

  if (database.mongoUrl === null) {
    copySqlite(dataDir, target);
    say(`the database, ${await megabytes(target)} MB`);
  } else say('not the database: it is a server; copy it now with mongodump, before the objects');

  if (objects.s3 === null) say(`${await copyTree(join(dataDir, 'objects'), join(target, 'objects'))} objects`);
  else say(`not the objects: copy the bucket ${objects.s3.bucket} with a tool for S3, after the database`);
  const about = { at: new Date().toISOString(), database: database.mongoUrl === null, objects: objects.s3 === null };
  await writeFile(join(target, 'backup.json'), `${JSON.stringify(about, null, 2)}\n`);
}

async function megabytes(folder: string): Promise<string> {
  return ((await stat(join(folder, 'qrfactory.db'))).size / 1024 / 1024).toFixed(1);
}

/** Copies all files below `from`; what goes away meanwhile is left out. Answers how many were copied. */
async function copyTree(from: string, to: string): Promise<number> {
  const entries = await readdir(from, { withFileTypes: true }).catch(unlessGone([]));
  let copied = 0;
  for (const entry of entries) {
    if (notCopied.has(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copied += await copyTree(source, target);
    else if (entry.isFile()) copied += (await copyIfThere(source, target)) ? 1 : 0;
  }
  return copied;
}

async function copyIfThere(from: string, to: string): Promise<boolean> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  const copied = copyFile(from, to, constants.COPYFILE_FICLONE).then(() => true);
  const isThere = await copied.catch(unlessGone(false));
  if (!isThere) await rm(to, { force: true });
  return isThere;
}

function unlessGone<Nothing>(nothing: Nothing): (error: NodeJS.ErrnoException) => Nothing {
  return (error) => {
    if (error.code !== 'ENOENT') throw error;
    return nothing;
  };
}
