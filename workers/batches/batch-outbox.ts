import { batchCounts } from '../../shared/adapters/batch-counts.ts';
import { changeBatch } from '../../shared/adapters/change-batch.ts';
import type { Batch, BatchEnd } from '../../shared/adapters/database/batch-store.ts';
import { batchAnswer } from '../../shared/adapters/show-batch.ts';
import { type EventType, eventIdOf, messageBody } from '../../shared/contract/events.ts';
import { deliveryId } from '../../shared/domain/identity.ts';
import type { WorkDeps } from '../handlers.ts';
import type { Notice, Outbox } from '../outbox.ts';

type Needs = Pick<WorkDeps, 'publicUrl' | 'secretKey' | 'now'> & { database: Pick<WorkDeps['database'], 'batches'> };

const eventOf = {
  completed: 'batch.completed',
  failed: 'batch.failed',
  cancelled: 'batch.cancelled',
} as const satisfies Record<BatchEnd['status'], EventType>;

/** What batches have to tell: the end of every run, to the endpoints and to the `callbackUrl` of the batch. */
export function createBatchOutbox(needs: Needs): Outbox {
  const { batches } = needs.database;
  return {
    name: 'batches',
    async read(limit) {
      const untold = await batches.toBeTold({ limit, after: null });
      return {
        notices: (await Promise.all(untold.map((batch) => noticesOf(batch, needs)))).flat(),
        clear: async () => {
          for (const batch of untold) await forget(needs, batch);
        },
        hasMore: untold.length === limit,
      };
    },
  };
}

async function noticesOf(batch: Batch, { database, publicUrl, secretKey, now }: Needs): Promise<Notice[]> {
  const { id, tenantId, untold, callback, requestId } = batch;
  const counts = await batchCounts(database.batches, batch);
  return untold.map(({ status, at, asItWas = { counts } }) => {
    const type = eventOf[status];
    const eventId = eventIdOf(type, id, at);
    const { counts: countsThen, ...then } = asItWas;
    const asItEnded = { ...batch, ...then, status, completedAt: at };
    const data = batchAnswer(asItEnded, { counts: countsThen, publicUrl, now: now() });
    const { archive, ...brief } = data;
    return {
      tenantId,
      type,
      eventId,
      resourceId: id,
      body: messageBody({ type, at, data }, brief),
      callbacks: callback === null ? [] : [{ id: deliveryId(secretKey, eventId, callback.id), url: callback.url }],
      isForWebhooks: true,
      requestId,
    };
  });
}

/** Removes the ends that were told; those that came meanwhile stay. */
async function forget({ database }: Needs, told: Batch): Promise<void> {
  await changeBatch(database.batches, told.id, (batch) => {
    const untold = batch.untold.filter(
      (end) => !told.untold.some(({ status, at }) => status === end.status && at === end.at),
    );
    return untold.length === batch.untold.length ? null : { untold, toBeTold: untold.length > 0 };
  });
}
