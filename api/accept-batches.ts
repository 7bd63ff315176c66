import { randomBytes } from 'node:crypto';
import { addTaskJob, parseTask, taskWithJob } from '../shared/adapters/batch-tasks.ts';
import { csvError } from '../shared/adapters/csv-errors.ts';
import { layoutFor } from '../shared/adapters/csv-file.ts';
import type { Batch } from '../shared/adapters/database/batch-store.ts';
import { createReceiverRule } from '../shared/adapters/outbound-addresses.ts';
import { headerProblem } from '../shared/contract/batch-header.ts';
import { type BatchRequest, parseBatchRequest } from '../shared/contract/batch-request.ts';
import { batchFileKey, batchId } from '../shared/domain/batches/batch-ids.ts';
import { AppError } from '../shared/errors.ts';
import { newId } from '../shared/new-id.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { readCsvUpload } from './middleware/read-csv-upload.ts';
import { type StoredCsv, storeCsv } from './store-csv.ts';

/** A batch that came in: its file is stored, its fields are checked, nothing else is made of it yet. */
export type IncomingBatch = { id: string; request: BatchRequest; file: StoredCsv };

/** Whose batch it is, and by which request. */
type Maker = { tenantId: string; keyId: string; requestId: string };

/** A batch's way in: the file is stored as it comes, then the record, then a job. */
export function createAcceptBatches(deps: ApiDeps) {
  const { config, database, objects, queues, meter, log, now } = deps;
  const mayCall = createReceiverRule(config.webhooks.outboundAllow);

  const discard = async (id: string): Promise<void> => {
    await objects.remove(batchFileKey(id)).catch((err: unknown) => {
      // The purge finds what has no record.
      log.warn({ err, batchId: id }, 'an uploaded file that is not wanted was not removed');
    });
  };

  const assertOwnLogo = async (tenantId: string, { shared }: BatchRequest, isForm: boolean): Promise<void> => {
    const { logoId } = shared;
    const row = logoId === undefined ? null : await database.logos.find(logoId);
    if (logoId === undefined || (row?.tenantId === tenantId && row.deletedAt === null)) return;
    const detail = 'There is no logo with this id; upload it with POST /v1/logos';
    const place = isForm
      ? { in: 'body' as const, pointer: '/logoId', name: null }
      : { in: 'query' as const, pointer: null, name: 'logoId' };
    throw new AppError('invalid', 'invalid_request', detail, {
      details: [{ ...place, code: 'unknown_logo', detail, received: logoId }],
    });
  };

  /** Stores a file under the id that its first request reserved, when that one died and another id was reserved than it came with. */
  const moveFile = async ({ id, file }: IncomingBatch, to: string): Promise<void> => {
    if (to === id) return;
    const stored = await objects.getStream(batchFileKey(id), { offset: 0, sizeBytes: file.sizeBytes });
    if (stored === null) throw new Error(`The file of ${id} was stored and is not found`);
    await objects.putStream(batchFileKey(to), stored, { contentType: 'text/csv' });
    await discard(id);
  };

  return {
    discard,

    /** Takes in the upload. @throws AppError for every mistake of file and fields; then nothing of it is kept */
    async receive(ctx: ApiContext): Promise<IncomingBatch> {
      queues.assertAcceptsWork();
      const id = batchId(now(), randomBytes(16));
      const { fields, isForm, file } = await readCsvUpload(ctx, {
        fileBytes: config.limits.csvBytes,
        store: (chunks) => storeCsv(deps, id, chunks),
        discard: () => discard(id),
      });
      try {
        const request = parseBatchRequest(fields, { mayCall, isForm });
        await assertOwnLogo(ctx.state.tenantId, request, isForm);
        const reading = { hasTargets: request.mode !== 'static', shared: new Set(Object.keys(request.shared)) };
        const layout = layoutFor(file.layout, reading);
        const problem = headerProblem(layout, request);
        if (problem !== null) throw csvError('csv_no_content_column', problem);
        return { id, request, file: { ...file, layout } };
      } catch (error) {
        await discard(id);
        throw error;
      }
    },

    /** Makes the record under `id` and has its file read, or finds what the same request made before; durable when it returns. */
    async accept(incoming: IncomingBatch, id: string, by: Maker): Promise<Batch> {
      const { request, file } = incoming;
      // If its first task is not there, the sweep opens it.
      const made = await database.batches.find(id);
      if (made !== null) return made;
      const { name, mode, callbackUrl, shared } = request;
      const batch: Batch = {
        id,
        tenantId: by.tenantId,
        name,
        mode,
        status: 'queued',
        file,
        shared,
        callback: callbackUrl === null ? null : { id: newId('msg'), url: callbackUrl },
        createdBy: by.keyId,
        requestId: by.requestId,
        run: 1,
        endedBefore: 0,
        isParsed: false,
        cancelledAt: null,
        parts: [],
        archive: null,
        error: null,
        untold: [],
        toBeTold: false,
        createdAt: now(),
        startedAt: null,
        completedAt: null,
        expiresAt: null,
        finalCounts: null,
        purgedAt: null,
        revision: 1,
      };
      const task = taskWithJob(parseTask(batch), now());
      const release = await meter.reserve(by.tenantId, 'batchRows', file.rowCount);
      try {
        await moveFile(incoming, id);
        await database.batches.accept(batch, task);
        meter.count(by.tenantId, 'batchRows', file.rowCount);
      } finally {
        release();
      }
      await addTaskJob(deps, task);
      return (await database.batches.find(id)) ?? batch;
    },
  };
}
