import { readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { factsOf } from '../../shared/adapters/board-queues.ts';
import { demandDatabase } from '../../shared/adapters/database/connect-database.ts';
import { segmentExtension } from '../../shared/segment-file.ts';
import type { AdminContext } from './admin-context.ts';
import { type Found, findMissing, findOrphans, type ObjectDeps } from './find-orphans.ts';

/** Less free disk than this is told as wrong, share of the whole. */
const leastFree = 0.05;

/** Objects are gone through so long, ms, unless all are asked for. */
const objectsMs = 15_000;

/**
 * Looks at every part and says how it stands: stores, queues, journal, disk, and whether objects and rows belong together. Changes
 * nothing.
 *
 * @param isWhole goes through all objects and rows, however long it takes; else for some seconds
 * @returns how many parts have something wrong with them
 * @throws ConfigError when DATA_DIR has no database: nothing else there would be one of ours
 */
export async function check(context: AdminContext, { isWhole }: { isWhole: boolean }): Promise<number> {
  await demandDatabase(context.config.database);
  const parts: Record<string, () => Promise<string>> = {
    database: async () => {
      await (await context.database()).ping();
      return context.config.database.mongoUrl === null ? 'the file answers' : 'MongoDB answers';
    },
    'object store': async () => {
      await (await context.objects()).ping();
      return context.config.objects.s3 === null ? 'the folder can be written' : 'S3 answers';
    },
    queues: () => lookAtQueues(context),
    journal: () => lookAtJournal(context.config.dataDir),
    disk: () => lookAtDisk(context.config.dataDir),
    orphans: async () => {
      const found = await findOrphans(await objectDeps(context), timeFor(isWhole));
      return told(
        found,
        'objects',
        found.count === 0 ? 'each has a row' : `${found.count} have no row, the daily purge removes them`,
      );
    },
    rows: async () => {
      const found = await findMissing(await objectDeps(context), timeFor(isWhole));
      if (found.count > 0)
        throw new Error(told(found, 'objects that rows tell of', `${found.count} are not in the store`));
      return told(found, 'objects that rows tell of', 'each is in the store');
    },
  };
  let wrong = 0;
  for (const [name, look] of Object.entries(parts)) {
    try {
      context.say(`ok     ${name}: ${await look()}`);
    } catch (error) {
      wrong++;
      context.say(`WRONG  ${name}: ${(error as Error).message}`);
    }
  }
  return wrong;
}

async function objectDeps({ database, objects, now }: AdminContext): Promise<ObjectDeps> {
  return { database: await database(), objects: await objects(), now, pause };
}

function timeFor(isWhole: boolean): () => boolean {
  const until = performance.now() + objectsMs;
  return () => isWhole || performance.now() < until;
}

function told({ looked, first, count, isWhole }: Found, what: string, verdict: string): string {
  const named = first.length === 0 ? '' : `: ${first.join(', ')}${count > first.length ? ' …' : ''}`;
  return `${isWhole ? `${looked}` : `the first ${looked}`} ${what}, ${verdict}${named}${isWhole ? '' : ' (check all: every one)'}`;
}

async function lookAtQueues({ queues, boardQueues }: AdminContext): Promise<string> {
  const { reachable, memoryShare } = (await queues()).state();
  if (!reachable) throw new Error('Redis does not answer');
  const stands: string[] = [];
  for (const queue of await boardQueues()) {
    const { counts, isPaused } = await factsOf(queue);
    if (isPaused) throw new Error(`${queue.name} is paused: nothing on it is done`);
    if (counts.waiting > 0) stands.push(`${counts.waiting} wait on ${queue.name}`);
  }
  const memory = memoryShare === null ? '' : `, ${Math.round(memoryShare * 100)} % of its memory used`;
  return `Redis answers${memory}; ${stands.join(', ') || 'nothing waits'}`;
}

async function lookAtJournal(dataDir: string): Promise<string> {
  const names = await readdir(join(dataDir, 'journal'), { recursive: true }).catch(() => []);
  const segments = names.filter((name) => name.endsWith(segmentExtension)).length;
  return `${segments} segments of scans that are on their way or being written`;
}

async function lookAtDisk(dataDir: string): Promise<string> {
  const { bavail, blocks, bsize } = await statfs(dataDir);
  const told = `${((bavail * bsize) / 1024 ** 3).toFixed(1)} GB free (${Math.round((100 * bavail) / blocks)} %)`;
  if (bavail < blocks * leastFree) throw new Error(`only ${told}`);
  return told;
}
