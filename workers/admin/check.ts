import { readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { factsOf } from '../../shared/adapters/board-queues.ts';
import { segmentExtension } from '../../shared/journal.ts';
import type { AdminContext } from './admin-context.ts';

/** Less free disk than this is told as wrong, share of the whole. */
const leastFree = 0.05;

/**
 * Looks at every part and says how it stands: stores, queues, journal, disk.
 *
 * @returns how many parts have something wrong with them
 */
export async function check(context: AdminContext): Promise<number> {
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
