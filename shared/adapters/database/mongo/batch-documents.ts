import type { mongo } from 'mongoose';
import type { Batch, BatchChunk, BatchRow, BatchTask } from '../batch-store.ts';
import type { Stored } from './collections.ts';

export type BatchCollections = {
  batches: mongo.Collection<Stored<Batch>>;
  batchRows: mongo.Collection<Stored<BatchRow>>;
  batchChunks: mongo.Collection<Stored<BatchChunk>>;
  batchTasks: mongo.Collection<Stored<BatchTask>>;
};

export const batchIndexes = {
  batches: [
    { name: 'by_tenant', key: { tenantId: 1, createdAt: 1, _id: 1 } },
    { name: 'by_tenant_and_status', key: { tenantId: 1, status: 1, createdAt: 1, _id: 1 } },
    { name: 'open', key: { status: 1, _id: 1 } },
    { name: 'to_tell', key: { toBeTold: 1, _id: 1 } },
    { name: 'to_purge', key: { purgedAt: 1, expiresAt: 1 } },
  ],
  batchRows: [{ name: 'by_status', key: { batchId: 1, status: 1, _id: 1 } }],
  batchChunks: [
    { name: 'by_tenant', key: { tenantId: 1, status: 1, _id: 1 } },
    { name: 'of_lane', key: { tenantId: 1, status: 1, lane: 1 } },
    { name: 'by_batch', key: { batchId: 1, status: 1 } },
  ],
  batchTasks: [
    { name: 'open', key: { queuedAt: 1, _id: 1 } },
    { name: 'of_batch', key: { batchId: 1 } },
  ],
} as const;
