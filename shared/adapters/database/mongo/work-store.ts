import { randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import { anonymousTenant } from '../../../domain/access.ts';
import { unavailable } from '../../../errors.ts';
import { endedInVain, firstOfEachId, openStatuses, startedBy, takeFirst } from '../accepting.ts';
import type { Accepted, Millis, OpenWork, Outcome, WorkStatus, WorkStore } from '../database.ts';
import { rowOf, type Stored, storedOf } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { duplicatesOf } from './mongo-error.ts';

type Work = {
  id: string;
  tenantId: string;
  status: WorkStatus;
  jobId: string;
  starts: number;
  suspect: boolean;
  queuedAt: Millis;
  requestId?: string | null;
};

/** A document as the queries that both kinds of work share see it. */
type WorkDocument = Omit<Work, 'id'> & {
  _id: string;
  endedBy?: string;
  result: unknown;
  error: unknown;
  completedAt: Millis | null;
};
type WorkCollection = mongo.Collection<WorkDocument>;

/** How often an accept looks again when rows come and go under its hands. */
const maxRounds = 10;

const open = { status: { $in: [...openStatuses] } };

/** What puts a row back to the state of a new one, but for its `createdAt`. */
export const startAgain = (jobId: string, now: Millis) => ({
  status: 'queued' as const,
  result: null,
  error: null,
  jobId,
  suspect: false,
  starts: 0,
  queuedAt: now,
  completedAt: null,
});

type Restart = { if: Record<string, unknown>[]; sets: (now: Millis) => Record<string, unknown> };

/** Inserts what is new; answers the ids of those that are there already. Index: `_id`. */
async function insertNew(collection: WorkCollection, rows: Work[]): Promise<Set<string>> {
  const documents = rows.map(
    (row) =>
      ({ ...storedOf(row), ...(row.tenantId === anonymousTenant && { anonymous: true }) }) as unknown as WorkDocument,
  );
  try {
    const operations = documents.map((document) => ({ insertOne: { document } }));
    await collection.bulkWrite(operations as Parameters<WorkCollection['bulkWrite']>[0], { ordered: false });
    return new Set();
  } catch (error) {
    const duplicates = duplicatesOf(error);
    return new Set(rows.filter((_, index) => duplicates.has(index)).map(({ id }) => id));
  }
}

/** Starts anew those that may be. Index: `_id`. */
async function restart(collection: WorkCollection, rows: Work[], { if: conditions, sets }: Restart): Promise<void> {
  const operations = rows.map(({ id, jobId, queuedAt, requestId }) => ({
    updateOne: {
      filter: { _id: id, $or: conditions },
      update: {
        $set: { ...startAgain(jobId, queuedAt), ...sets(queuedAt), ...(requestId !== undefined && { requestId }) },
        $unset: { endedBy: '', redrawn: '', bytesGone: '' },
      },
    },
  }));
  await collection.bulkWrite(operations as Parameters<WorkCollection['bulkWrite']>[0], { ordered: false });
}

/** What both kinds of work do alike; `fresh` makes the row that a new one begins as, `restartable` says which start anew. */
export function mongoWorkStore<Row extends Work, New extends { id: string; jobId: string }, Result>(
  connection: MongoConnection,
  rows: mongo.Collection<Stored<Row>>,
  fresh: (row: New, now: Millis) => Row,
  restartIf: Restart,
): Omit<WorkStore<Row, New, Result>, 'list'> {
  const collection = rows as unknown as WorkCollection;
  const run = connection.run.bind(connection);
  const read = (document: WorkDocument): Row => rowOf(document as unknown as Stored<Row>);

  /** Index: `_id`. */
  const findMany = async (ids: string[]): Promise<Row[]> =>
    (await collection.find({ _id: { $in: ids } }).toArray()).map(read);

  /** Accepts once; what vanished between the insert that met it and the look at it is left out. */
  const acceptOnce = async (wanted: Row[], accepted: Map<string, Accepted<Row>>): Promise<void> => {
    const known = await insertNew(collection, wanted);
    for (const row of wanted) if (!known.has(row.id)) accepted.set(row.id, { row, started: true });
    const met = wanted.filter(({ id }) => known.has(id));
    if (met.length === 0) return;
    await restart(collection, met, restartIf);
    const jobIds = new Map(met.map(({ id, jobId }) => [id, jobId]));
    for (const row of await findMany([...known]))
      accepted.set(row.id, { row, started: startedBy(jobIds.get(row.id) as string, row) });
  };

  return {
    accept: (news, now) =>
      run(async () => {
        const accepted = new Map<string, Accepted<Row>>();
        let missing = firstOfEachId(news).map((row) => fresh(row, now));
        for (let round = 0; missing.length > 0; round++) {
          if (round === maxRounds)
            throw unavailable('database_unavailable', `Rows came and went in ${maxRounds} tries to accept them`);
          await acceptOnce(missing, accepted);
          missing = missing.filter(({ id }) => !accepted.has(id));
        }
        return news.map(({ id }) => takeFirst(accepted, id));
      }),
    find: (id) =>
      run(async () => {
        const document = await collection.findOne({ _id: id });
        return document === null ? null : read(document);
      }),
    findMany: (ids) => run(() => findMany(ids)),
    finish: (outcomes) => run(() => finish(collection, firstOfEachId(outcomes))),
    openWork: (query) => run(() => openWork(collection, query)),
    requeue: (requeued, now) =>
      run(async () => {
        if (requeued.length === 0) return;
        /* A row that was a suspect stays one: a sweeper that looked before its job stalled must not clear the mark. */
        const operations = requeued.map(({ id, jobId, suspect }) => ({
          updateOne: {
            filter: { _id: id, ...open },
            update: { $set: { status: 'queued' as const, jobId, queuedAt: now, ...(suspect ? { suspect } : {}) } },
          },
        }));
        await collection.bulkWrite(operations, { ordered: true });
      }),
    countStart: (id) =>
      run(async () => {
        const update = { $set: { status: 'running' as const }, $inc: { starts: 1 } };
        const document = await collection.findOneAndUpdate({ _id: id, ...open }, update, { returnDocument: 'after' });
        return document?.starts ?? 0;
      }),
  };
}

/** Ends open rows, marked by this call, since a bulk write tells only how many it changed. Index: `_id`. */
async function finish(collection: WorkCollection, outcomes: Outcome<unknown>[]): Promise<string[]> {
  if (outcomes.length === 0) return [];
  const endedBy = randomUUID();
  const operations = outcomes.map(({ id, at, result, error }) => ({
    updateOne: {
      filter: { _id: id, ...open },
      update: {
        $set: {
          status: error === null ? ('completed' as const) : ('failed' as const),
          result,
          error,
          completedAt: at,
          endedBy,
        },
      },
    },
  }));
  const { modifiedCount } = await collection.bulkWrite(operations, { ordered: false });
  const ids = outcomes.map(({ id }) => id);
  if (modifiedCount === ids.length) return ids;
  const ended = await collection.find({ _id: { $in: ids }, endedBy }, { projection: { _id: 1 } }).toArray();
  return ended.map(({ _id }) => _id);
}

/** Index: `open`; the lower bound lets it begin at the page, the `$or` settles rows of the same millisecond. */
async function openWork(
  collection: WorkCollection,
  { before, limit, after }: Parameters<WorkStore<never, never, never>['openWork']>[0],
): Promise<OpenWork[]> {
  const behind =
    after === null
      ? { queuedAt: { $lt: before } }
      : {
          queuedAt: { $lt: before, $gte: after.queuedAt },
          $or: [{ queuedAt: { $gt: after.queuedAt } }, { queuedAt: after.queuedAt, _id: { $gt: after.id } }],
        };
  const documents = await collection
    .find({ ...open, ...behind }, { projection: { jobId: 1, suspect: 1, queuedAt: 1 } })
    .sort({ queuedAt: 1, _id: 1 })
    .limit(limit)
    .toArray();
  return documents.map(({ _id, jobId, suspect, queuedAt }) => ({ id: _id, jobId, suspect, queuedAt }));
}

export const restartEndedInVain = { status: { $in: [...endedInVain] } };
