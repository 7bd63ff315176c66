import { batchRowId } from '../../../domain/batches/batch-ids.ts';
import type { RowMethods } from '../batch-parts.ts';
import { idRange, noRows } from '../batch-ranges.ts';
import type { BatchRow, BatchStore, RowOutcome } from '../batch-store.ts';
import { rowOf, type Stored } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { insertAllNew } from './revisions.ts';

const open = { $in: ['queued', 'running'] as const };

function finishOperation(batchId: string, { row, at, codeId, shortUrl, result, error }: RowOutcome) {
  const status = error === null ? ('completed' as const) : ('failed' as const);
  const code = { ...(codeId === null ? {} : { codeId }), ...(shortUrl === null ? {} : { shortUrl }) };
  return {
    updateOne: {
      filter: { _id: batchRowId(batchId, row), status: open },
      update: { $set: { status, result, error, completedAt: at, ...code } },
    },
  };
}

const failedBefore = (run: number) => ({ status: 'failed' as const, run: { $lt: run }, input: { $ne: null } });
const again = (run: number) => ({ run, error: null, completedAt: null });

/** Keeps the rows of batches. */
export function batchRowStore(connection: MongoConnection): Pick<BatchStore, RowMethods> {
  const { batchRows } = connection.collections;
  const run = connection.run.bind(connection);
  const read = (document: Stored<BatchRow>): BatchRow => rowOf<BatchRow>(document);
  const idsOf = (batchId: string, numbers: number[]) => ({ $in: numbers.map((row) => batchRowId(batchId, row)) });

  /** Index: `_id`, with a status `by_status`. */
  const listRows: BatchStore['listRows'] = async (batchId, { status, after, limit }) => {
    const behind = batchRowId(batchId, after);
    const filter =
      status === null ? { _id: { $gt: behind, $lt: idRange(batchId)[1] } } : { batchId, status, _id: { $gt: behind } };
    return (await batchRows.find(filter).sort({ _id: 1 }).limit(limit).toArray()).map(read);
  };

  return {
    listRows: (batchId, page) => run(() => listRows(batchId, page)),
    insertRows: (rows) => run(() => insertAllNew<BatchRow>(batchRows, rows)),
    /** Index: `_id`. */
    lastRow: (batchId) =>
      run(async () => {
        const [after, before] = idRange(batchId);
        const within = { _id: { $gt: after, $lt: before } };
        const [last] = await batchRows
          .find(within, { projection: { row: 1 } })
          .sort({ _id: -1 })
          .limit(1)
          .toArray();
        return last?.row ?? 0;
      }),
    findRow: (batchId, row) =>
      run(async () => {
        const document = await batchRows.findOne({ _id: batchRowId(batchId, row) });
        return document && read(document);
      }),
    findRows: (batchId, numbers) =>
      run(async () => {
        const found = await batchRows.find({ _id: idsOf(batchId, numbers) }).toArray();
        return found.map(read).sort((a, b) => a.row - b.row);
      }),
    /** Index: `by_status`, for each status. */
    countRows: (batchId) =>
      run(async () => {
        const statuses = Object.keys(noRows) as (keyof typeof noRows)[];
        const counts = await Promise.all(statuses.map((status) => batchRows.countDocuments({ batchId, status })));
        return { ...noRows, ...Object.fromEntries(statuses.map((status, index) => [status, counts[index] ?? 0])) };
      }),
    startRows: (batchId, numbers, current) =>
      run(async () => {
        const filter = { _id: idsOf(batchId, numbers), $or: [{ status: 'queued' as const }, failedBefore(current)] };
        await batchRows.updateMany(filter, { $set: { status: 'running', ...again(current) } });
      }),
    retryRows: (batchId, numbers, current) =>
      run(async () => {
        const filter = { _id: idsOf(batchId, numbers), ...failedBefore(current) };
        await batchRows.updateMany(filter, { $set: { status: 'queued', starts: 0, ...again(current) } });
      }),
    countRowStart: (batchId, row) =>
      run(async () => {
        const update = { $set: { status: 'running' as const }, $inc: { starts: 1 } };
        const filter = { _id: batchRowId(batchId, row), status: open };
        const document = await batchRows.findOneAndUpdate(filter, update, { returnDocument: 'after' });
        return document?.starts ?? 0;
      }),
    finishRows: (batchId, outcomes) =>
      run(async () => {
        if (outcomes.length === 0) return;
        const operations = outcomes.map((outcome) => finishOperation(batchId, outcome));
        await batchRows.bulkWrite(operations as never, { ordered: false });
      }),
    cancelRows: (batchId, { status, limit, now }) =>
      run(async () => {
        const found = await listRows(batchId, { status, after: 0, limit });
        const filter = { _id: { $in: found.map(({ id }) => id) }, status: open };
        const update = { $set: { status: 'cancelled' as const, completedAt: now } };
        return (await batchRows.updateMany(filter, update)).modifiedCount;
      }),
  };
}
