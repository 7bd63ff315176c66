import { Worker } from 'bullmq';
import { Redis } from 'ioredis';

/** The floor to beat: a BullMQ worker whose jobs do nothing. Run as a process: REDIS_URL CONCURRENCY. */
const [, , redisUrl = '', concurrency = '4'] = process.argv;
const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
const worker = new Worker('empty', async () => null, { connection, concurrency: Number(concurrency) });
await worker.waitUntilReady();
process.send?.('ready');
process.once('disconnect', () => process.exit(0));
