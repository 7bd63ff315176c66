import { randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import { unavailable } from '../../../errors.ts';
import { firstOfEachId, openStatuses } from '../accepting.ts';
import type { RenderRow } from '../database.ts';
import { newMark } from '../marks.ts';
import type { RenderEnd, RenderOutbox, RenderOutcome } from '../webhook-store.ts';
import { rowOf, type Stored } from './collections.ts';
import type { MongoConnection } from './connection.ts';

type Renders = mongo.Collection<Stored<RenderRow>>;

/** How often a write tries again when the row changes under its hands. */
const maxRounds = 20;

const open = { status: { $in: [...openStatuses] } };

function rowsChange(): Error {
  return unavailable('database_unavailable', `A render changed in ${maxRounds} tries to write to it`);
}

function endOf({ at, result, error }: RenderOutcome, more: Pick<RenderEnd, 'callbacks' | 'isForWebhooks'>): RenderEnd {
  return { status: error === null ? 'completed' : 'failed', at, result, error, ...more };
}

function endedFields({ at, result, error }: RenderOutcome) {
  return { status: error === null ? ('completed' as const) : ('failed' as const), result, error, completedAt: at };
}

/** The usual end, which nobody is to be called at; `redrawn` matters only where endpoints want to be told. */
function usualEnd(outcome: RenderOutcome, endedBy: string) {
  const { id, at, isWanted } = outcome;
  const $set = { ...endedFields(outcome), endedBy };
  if (!isWanted) return { updateOne: { filter: { _id: id, ...open, callbacks: null }, update: { $set } } };
  return {
    updateOne: {
      filter: { _id: id, ...open, callbacks: null, redrawn: null },
      update: {
        $set: { ...$set, mark: newMark(at, randomUUID()) },
        $push: { ends: endOf(outcome, { callbacks: [], isForWebhooks: true }) },
      },
    },
  };
}

/** Ends a row with callbacks, or one that was only drawn again: what is to be told follows from the row. Index: `_id`. */
async function specialEnd(renders: Renders, outcome: RenderOutcome): Promise<{ id: string; toTell: boolean }[]> {
  const { id, at, isWanted } = outcome;
  for (let round = 0; round < maxRounds; round++) {
    const row = await renders.findOne({ _id: id, ...open });
    if (row === null) return [];
    const callbacks = row.callbacks ?? [];
    const isForWebhooks = isWanted === true && row.redrawn !== true;
    const toTell = isForWebhooks || callbacks.length > 0;
    // While a row is open its callbacks only become more.
    const unchanged = row.callbacks ? { callbacks: { $size: callbacks.length } } : { callbacks: null };
    const { modifiedCount } = await renders.updateOne(
      { _id: id, ...open, ...unchanged } as mongo.Filter<Stored<RenderRow>>,
      {
        $set: { ...endedFields(outcome), ...(toTell && { mark: newMark(at, randomUUID()) }) },
        $unset: { callbacks: '' },
        ...(toTell && { $push: { ends: endOf(outcome, { callbacks, isForWebhooks }) } }),
      },
    );
    if (modifiedCount === 1) return [{ id, toTell }];
  }
  throw rowsChange();
}

async function end(renders: Renders, outcomes: RenderOutcome[]): Promise<{ id: string; toTell: boolean }[]> {
  if (outcomes.length === 0) return [];
  const endedBy = randomUUID();
  const operations = outcomes.map((outcome) => usualEnd(outcome, endedBy));
  const { modifiedCount } = await renders.bulkWrite(operations as unknown as Parameters<Renders['bulkWrite']>[0], {
    ordered: false,
  });
  const toTell = ({ id, isWanted }: RenderOutcome) => ({ id, toTell: isWanted === true });
  if (modifiedCount === outcomes.length) return outcomes.map(toTell);
  const ids = outcomes.map(({ id }) => id);
  const found = await renders.find({ _id: { $in: ids }, endedBy }, { projection: { _id: 1 } }).toArray();
  const own = new Set(found.map(({ _id }) => _id));
  const others = await Promise.all(
    outcomes.filter(({ id }) => !own.has(id)).map((outcome) => specialEnd(renders, outcome)),
  );
  return [...outcomes.filter(({ id }) => own.has(id)).map(toTell), ...others.flat()];
}

/** Answers whether the row is to be told now, or null when there is none. Index: `_id`. */
async function addCallbacks(
  renders: Renders,
  { id, callbacks }: Parameters<RenderOutbox['addCallbacks']>[0][number],
  now: number,
): Promise<boolean | null> {
  for (let round = 0; round < maxRounds; round++) {
    const added = await renders.updateOne({ _id: id, ...open }, { $push: { callbacks: { $each: callbacks } } });
    if (added.modifiedCount === 1) return false;
    const row = await renders.findOne({ _id: id });
    if (row === null || row.status === 'cancelled') return null;
    const { status, completedAt, result, error } = row;
    if (status === 'queued' || status === 'running' || completedAt === null) continue;
    const ends: RenderEnd = { status, at: completedAt, result, error, callbacks, isForWebhooks: false };
    const { modifiedCount } = await renders.updateOne(
      { _id: id, status, completedAt },
      { $push: { ends }, $set: { mark: newMark(now, randomUUID()) } },
    );
    if (modifiedCount === 1) return true;
  }
  throw rowsChange();
}

/** See RenderOutbox. */
export function mongoRenderOutbox(connection: MongoConnection): RenderOutbox {
  const { renders } = connection.collections;
  const run = connection.run.bind(connection);
  return {
    end: (outcomes) => run(() => end(renders, firstOfEachId(outcomes))),
    addCallbacks: (added, now) =>
      run(async () => {
        const toTell = await Promise.all(added.map((one) => addCallbacks(renders, one, now)));
        return added.filter((_, index) => toTell[index] === true).map(({ id }) => id);
      }),
    /** Index: `to_tell`. */
    toTell: (limit) =>
      run(async () => {
        const found = await renders
          .find({ mark: { $gt: '' } })
          .sort({ mark: 1 })
          .limit(limit)
          .toArray();
        return found.map((document) => ({
          row: rowOf<RenderRow>(document),
          ends: document.ends ?? [],
          mark: document.mark as string,
        }));
      }),
    told: (rows) =>
      run(async () => {
        if (rows.length === 0) return;
        const operations = rows.map(({ row, mark }) => ({
          updateOne: { filter: { _id: row.id, mark }, update: { $unset: { ends: '' as const, mark: '' as const } } },
        }));
        await renders.bulkWrite(operations, { ordered: false });
      }),
  };
}
