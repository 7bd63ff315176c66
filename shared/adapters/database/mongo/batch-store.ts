import type { BatchStore } from '../batch-store.ts';
import { batchRecords } from './batch-records.ts';
import { batchRowStore } from './batch-rows.ts';
import { batchChunkStore, batchTaskStore } from './batch-work.ts';
import type { MongoConnection } from './connection.ts';

/** Keeps batches, their rows, chunks and tasks in MongoDB. */
export function mongoBatches(connection: MongoConnection): BatchStore {
  return {
    ...batchRecords(connection),
    ...batchRowStore(connection),
    ...batchChunkStore(connection),
    ...batchTaskStore(connection),
  };
}
