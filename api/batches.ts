import { batchCounts } from '../shared/adapters/batch-counts.ts';
import { endTask, startTask } from '../shared/adapters/batch-tasks.ts';
import { changeBatch, isOver } from '../shared/adapters/change-batch.ts';
import type { Batch, BatchRow } from '../shared/adapters/database/batch-store.ts';
import { batchAnswer, batchRowAnswer } from '../shared/adapters/show-batch.ts';
import { parseBatchRows, writeRowCursor } from '../shared/contract/batch-list.ts';
import { parseListQuery, writeCursor } from '../shared/contract/lists.ts';
import { AppError } from '../shared/errors.ts';
import { createAcceptBatches } from './accept-batches.ts';
import { cutPage } from './cut-page.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { assertKept, findOwnBatch, noBatch } from './find-own-batch.ts';
import { linkToNext } from './list-links.ts';
import { idempotently } from './middleware/idempotency.ts';
import { readQuery } from './query.ts';
import { retryBatch } from './retry-batch.ts';

/** The routes of `/v1/batches` but for images, archive and events. */
export function createBatchRoutes(deps: ApiDeps) {
  const { config, database, now } = deps;
  const { publicUrl } = config;
  const { batches } = database;
  const { receive, accept, discard } = createAcceptBatches(deps);

  const shown = async (batch: Batch) =>
    batchAnswer(batch, { counts: await batchCounts(batches, batch), publicUrl, now: now() });

  const answer = async (ctx: ApiContext, batch: Batch): Promise<void> => {
    if (isOver(batch)) ctx.set('Content-Location', `${publicUrl}/v1/batches/${batch.id}`);
    else {
      ctx.status = 202;
      ctx.set('Location', `${publicUrl}/v1/batches/${batch.id}`);
      ctx.set('Retry-After', '1');
    }
    ctx.set('Cache-Control', 'private, no-store');
    ctx.body = await shown(batch);
  };

  const answerAgain = async (ctx: ApiContext, id: string): Promise<void> => {
    const batch = await batches.find(id);
    if (batch?.tenantId !== ctx.state.tenantId) throw noBatch();
    await answer(ctx, batch);
  };

  const answerList = (ctx: ApiContext, path: string, data: unknown[], nextCursor: string | null): void => {
    if (nextCursor !== null) ctx.set('Link', linkToNext(`${publicUrl}${path}`, readQuery(ctx), nextCursor));
    ctx.set('Cache-Control', 'private, no-store');
    ctx.body = { data, nextCursor };
  };

  /** Does `act` on the batch of the path once for each Idempotency-Key, and answers the batch as it stands then. */
  const onOwn = async (
    ctx: ApiContext,
    name: 'cancel' | 'retry',
    act: (batch: Batch, run: number) => Promise<Batch>,
  ): Promise<void> => {
    const batch = await findOwnBatch(deps, ctx);
    const { id, run } = batch;
    // The run is reserved with the id: a request that was cut off and comes again finds what it did, and does it once.
    const request = { route: `POST /v1/batches/:id/${name}`, fields: { id }, resourceId: `${id} ${run}` };
    await idempotently(deps, ctx, request, {
      first: async (reserved) => answer(ctx, await act(batch, Number(reserved.split(' ')[1]))),
      again: () => answerAgain(ctx, id),
    });
  };

  const cancel = async ({ id }: Batch): Promise<Batch> => {
    const batch = await changeBatch(batches, id, (found) => {
      if (found.status === 'cancelled' || found.cancelledAt !== null) return null;
      if (isOver(found)) throw alreadyOver(found);
      return { cancelledAt: now() };
    });
    if (batch === null) throw noBatch();
    if (!isOver(batch)) await startTask(deps, endTask(batch));
    return batch;
  };

  return {
    async create(ctx: ApiContext): Promise<void> {
      const incoming = await receive(ctx);
      const { id, request, file } = incoming;
      const { tenantId, key, requestId } = ctx.state;
      const fields = { ...request, file: file.sha256 };
      let isKept = false;
      try {
        await idempotently(
          deps,
          ctx,
          { route: 'POST /v1/batches', fields, resourceId: id },
          {
            first: async (reserved) => {
              const batch = await accept(incoming, reserved, { tenantId, keyId: key?.id ?? '', requestId });
              isKept = batch.id === id;
              await answer(ctx, batch);
              ctx.status = 202;
            },
            again: async (made) => {
              await answerAgain(ctx, made);
              ctx.status = 202;
            },
          },
        );
      } finally {
        if (!isKept && (await batches.find(id)) === null) await discard(id);
      }
    },

    async list(ctx: ApiContext): Promise<void> {
      const page = parseListQuery(readQuery(ctx), { withStatus: true, list: 'batches' });
      const found = await batches.list(ctx.state.tenantId, { ...page, limit: page.limit + 1 });
      const { rows, last } = cutPage(found, page.limit);
      answerList(
        ctx,
        '/v1/batches',
        await Promise.all(rows.map(shown)),
        last && writeCursor(last, { list: 'batches', order: page.order }),
      );
    },

    async show(ctx: ApiContext): Promise<void> {
      const batch = await findOwnBatch(deps, ctx);
      if (!isOver(batch)) ctx.set('Retry-After', '1');
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = await shown(batch);
    },

    async rows(ctx: ApiContext): Promise<void> {
      const batch = await findOwnBatch(deps, ctx);
      assertKept(batch, now());
      const { id } = batch;
      const page = parseBatchRows(readQuery(ctx));
      const found: BatchRow[] = await batches.listRows(id, { ...page, limit: page.limit + 1 });
      const { rows, last } = cutPage(found, page.limit);
      answerList(ctx, `/v1/batches/${id}/rows`, rows.map(batchRowAnswer), last && writeRowCursor(last.row));
    },

    cancel: (ctx: ApiContext): Promise<void> => onOwn(ctx, 'cancel', cancel),
    retry: (ctx: ApiContext): Promise<void> => onOwn(ctx, 'retry', (batch, run) => retryBatch(deps, batch, run)),
  };
}

function alreadyOver({ status }: Batch): AppError {
  return new AppError(
    'conflict',
    'batch_ended',
    `The batch is ${status} already; only one that is queued or running can be cancelled`,
  );
}
