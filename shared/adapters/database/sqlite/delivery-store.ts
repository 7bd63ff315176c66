import { type DeliveryPage, type DeliveryStore, type DueDelivery, freshDelivery } from '../webhook-store.ts';
import { jsonText, type SqlValue } from './columns.ts';
import type { SqliteConnection } from './connection.ts';
import { beforeEverything, behindEverything, type Statement } from './statements.ts';
import {
  type DeliveryOwner,
  deliveryCodec,
  listDeliveries,
  deliveryStatements as statements,
} from './webhook-statements.ts';

function dueOf([id, lane, nextAttemptAt]: SqlValue[]): DueDelivery {
  return { id: id as string, lane: lane as string, nextAttemptAt: nextAttemptAt as number };
}

export function sqliteDeliveries(connection: SqliteConnection): DeliveryStore {
  const changesOne = async (statement: Statement, parameters: SqlValue[]): Promise<boolean> =>
    (await connection.write(statement, [parameters])).changes[0] === 1;
  const list = async (owner: DeliveryOwner, id: string, page: DeliveryPage) => {
    const { order, after, limit, status, resourceId } = page;
    const end = order === 'newest-first' ? behindEverything : beforeEverything;
    const start = after === null ? end : [after.createdAt, after.id];
    const filters = [status, resourceId].filter((value) => value !== null);
    const found = await connection.list(listDeliveries(owner, page), [id, ...start, limit, ...filters]);
    return found.map(deliveryCodec.decode);
  };
  return {
    async insert(rows) {
      const parameters = rows.map((row) => deliveryCodec.encode(freshDelivery(row)));
      const { changes } = await connection.write(statements.insert, parameters);
      return rows.filter((_, index) => changes[index] === 1).map(({ id }) => id);
    },
    async find(id) {
      const values = await connection.find(statements.find, id);
      return values === null ? null : deliveryCodec.decode(values);
    },
    list: (webhookId, page) => list('webhook', webhookId, page),
    listOfCallbacks: (tenantId, page) => list('callbacks', tenantId, page),
    async due({ at, limit, after }) {
      const start = after === null ? beforeEverything : [after.nextAttemptAt, after.id];
      return (await connection.list(statements.due, [at, ...start, limit])).map(dueOf);
    },
    dueInLane: async (lane, { at, limit }) =>
      (await connection.list(statements.dueInLane, [lane, at, limit])).map(dueOf),
    lease: (id, dueAt, until) => changesOne(statements.lease, [id, dueAt, until]),
    async record(id, leasedUntil, attempt, verdict) {
      const { status } = verdict;
      const nextAttemptAt = status === 'queued' ? verdict.nextAttemptAt : null;
      const error = status === 'failed' ? verdict.error : null;
      const completedAt = status === 'queued' ? null : attempt.at;
      const state = [status, nextAttemptAt, jsonText(error), completedAt];
      if (await changesOne(statements.record, [id, leasedUntil, jsonText(attempt), ...state])) return true;
      await connection.write(statements.recordOnly, [[id, jsonText(attempt)]]);
      return false;
    },
    async fail(id, error, at) {
      await connection.write(statements.fail, [[id, jsonText(error), at]]);
    },
    redeliver: (id, at) => changesOne(statements.redeliver, [id, at]),
    async purgeEnded(before, limit) {
      const found = await connection.list(statements.purgeable, [before, limit]);
      const { changes } = await connection.write(
        statements.remove,
        found.map(([id]) => [id as string, before]),
      );
      return changes.filter((count) => count === 1).length;
    },
  };
}
