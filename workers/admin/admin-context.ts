import { join } from 'node:path';
import { type BoardQueue, openBoardQueues } from '../../shared/adapters/board-queues.ts';
import { connectExistingDatabase } from '../../shared/adapters/database/connect-database.ts';
import type { Database } from '../../shared/adapters/database/database.ts';
import { connectImageCache, type ImageCache } from '../../shared/adapters/image-cache.ts';
import { findRunningRedis } from '../../shared/adapters/leftover-redis.ts';
import { connectObjects } from '../../shared/adapters/objects/connect-objects.ts';
import type { ObjectStore } from '../../shared/adapters/objects/objects.ts';
import { connectQueues, type Queues } from '../../shared/adapters/queues.ts';
import type { Config } from '../../shared/config.ts';
import { AppError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { ReleaseStack } from '../../shared/release-stack.ts';

/** What a command works with; a store is connected when it is asked for, and released when the command is over. */
export type AdminContext = {
  config: Config;
  log: Log;
  /** Takes a line of the command's answer. */
  say: (line: string) => void;
  /** Milliseconds since 1970. */
  now: () => number;
  database: () => Promise<Database>;
  objects: () => Promise<ObjectStore>;
  queues: () => Promise<Queues>;
  imageCache: () => Promise<ImageCache>;
  boardQueues: () => Promise<readonly BoardQueue[]>;
};

type Given = Pick<AdminContext, 'config' | 'log' | 'say' | 'now'> & { releases: ReleaseStack };

/** Makes the context of one command. Redis is the one that REDIS_URL names, else the one that `npm start` runs on DATA_DIR. */
export function createAdminContext({ releases, ...given }: Given): AdminContext {
  const { config, log } = given;
  const once = <Store extends { close(): Promise<void> }>(name: string, connect: () => Promise<Store>) => {
    let connecting: Promise<Store> | null = null;
    return (): Promise<Store> => {
      connecting ??= connect().then((store) => {
        releases.defer(name, () => store.close());
        return store;
      });
      return connecting;
    };
  };
  const redis = async () => ({ url: await redisUrl(config), prefix: config.redis.prefix });
  const board = once('every queue', async () => openBoardQueues(await redis(), log));
  return {
    ...given,
    database: once('database', () => connectExistingDatabase(config.database, log)),
    objects: once('object store', () => connectObjects(config.objects)),
    queues: once('queues', async () => connectQueues(await redis(), log)),
    boardQueues: async () => (await board()).queues,
    imageCache: once('image cache', async () => connectImageCache(await redis(), log)),
  };
}

async function redisUrl({ redis, dataDir }: Config): Promise<string> {
  const url = redis.url ?? (await findRunningRedis(join(dataDir, 'redis')));
  if (url !== null) return url;
  const message = `No Redis: REDIS_URL is not set, and no npm start runs on DATA_DIR=${dataDir}`;
  throw new AppError('unavailable', 'queue_unavailable', message);
}
