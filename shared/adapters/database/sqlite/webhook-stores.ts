import type { EventType } from '../../../contract/events.ts';
import type { CallbackSecrets, ScanNoticeStore, WebhookStore } from '../webhook-store.ts';
import type { RowCodec, SqlValue } from './columns.ts';
import type { SqliteConnection } from './connection.ts';
import { beforeEverything, behindEverything, type Statement } from './statements.ts';
import {
  callbackSecretStatements,
  callbackSecretsCodec,
  scanNoticeCodec,
  scanNoticeStatements,
  webhookCodec,
  webhookStatements,
} from './webhook-statements.ts';

type Revised = { revision: number };

/** Inserts a first revision, or replaces the one before; true when it did. */
async function putRevision<Row extends Revised>(
  connection: SqliteConnection,
  { codec, insert, replace }: { codec: RowCodec<Row>; insert: Statement; replace: Statement },
  next: Row,
): Promise<boolean> {
  const { changes } = await connection.write(next.revision === 1 ? insert : replace, [codec.encode(next)]);
  return changes[0] === 1;
}

function decoded<Row>(codec: RowCodec<Row>, values: SqlValue[] | null): Row | null {
  return values === null ? null : codec.decode(values);
}

export function sqliteWebhooks(connection: SqliteConnection): WebhookStore {
  const statements = webhookStatements;
  const changesOne = async (statement: Statement, parameters: SqlValue[]): Promise<boolean> =>
    (await connection.write(statement, [parameters])).changes[0] === 1;
  return {
    insert: (row) => changesOne(statements.insert, webhookCodec.encode(row)),
    find: async (id) => decoded(webhookCodec, await connection.find(statements.find, id)),
    async list(tenantId, { limit, order, after }) {
      const newest = order === 'newest-first';
      const start = after === null ? (newest ? behindEverything : beforeEverything) : [after.createdAt, after.id];
      const statement = newest ? statements.newestFirst : statements.oldestFirst;
      return (await connection.list(statement, [tenantId, ...start, limit])).map(webhookCodec.decode);
    },
    replace: (next) => changesOne(statements.replace, webhookCodec.encode(next)),
    remove: (tenantId, id) => changesOne(statements.remove, [id, tenantId]),
    active: async (tenantId) => (await connection.list(statements.active, [tenantId])).map(webhookCodec.decode),
    async wantedEvents(tenantIds) {
      const wanted = new Map<string, Set<EventType>>();
      for (const tenantId of new Set(tenantIds)) {
        const [lists] = (await connection.find(statements.wanted, tenantId)) ?? [];
        const events = (JSON.parse((lists as string | undefined) ?? '[]') as EventType[][]).flat();
        if (events.length > 0) wanted.set(tenantId, new Set(events));
      }
      return wanted;
    },
    findCallbackSecrets: async (tenantId) =>
      decoded<CallbackSecrets>(callbackSecretsCodec, await connection.find(callbackSecretStatements.find, tenantId)),
    replaceCallbackSecrets: (next) =>
      putRevision(connection, { codec: callbackSecretsCodec, ...callbackSecretStatements }, next),
  };
}

export function sqliteScanNotices(connection: SqliteConnection): ScanNoticeStore {
  return {
    find: async (codeId) => decoded(scanNoticeCodec, await connection.find(scanNoticeStatements.find, codeId)),
    replace: (next) => putRevision(connection, { codec: scanNoticeCodec, ...scanNoticeStatements }, next),
    due: async ({ at, limit }) =>
      (await connection.list(scanNoticeStatements.due, [at, limit])).map(scanNoticeCodec.decode),
  };
}
