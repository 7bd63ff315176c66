import type { ScanNotice } from '../../../domain/scans/scan-notice.ts';
import type { CallbackSecrets, DeliveryPage, DeliveryRow, WebhookRow } from '../webhook-store.ts';
import { mostAttemptsKept } from '../webhook-store.ts';
import { renderCodec, rowCodec } from './columns.ts';
import { byKey, insertOf, quoted, replaceOf } from './sql-parts.ts';
import type { Statement } from './statements.ts';

export const webhookCodec = rowCodec<WebhookRow>({
  id: 'plain',
  tenantId: 'plain',
  url: 'plain',
  events: 'json',
  description: 'plain',
  status: 'plain',
  disabledReason: 'plain',
  secrets: 'json',
  failingSince: 'plain',
  revision: 'plain',
  createdAt: 'plain',
  updatedAt: 'plain',
});

export const callbackSecretsCodec = rowCodec<CallbackSecrets>({
  tenantId: 'plain',
  secrets: 'json',
  revision: 'plain',
});

export const deliveryCodec = rowCodec<DeliveryRow>({
  id: 'plain',
  tenantId: 'plain',
  webhookId: 'plain',
  callbackUrl: 'plain',
  lane: 'plain',
  type: 'plain',
  resourceId: 'plain',
  body: 'plain',
  status: 'plain',
  attempts: 'json',
  attemptsMade: 'plain',
  nextAttemptAt: 'plain',
  error: 'json',
  createdAt: 'plain',
  completedAt: 'plain',
  requestId: 'plain',
});

export const scanNoticeCodec = rowCodec<ScanNotice>({
  codeId: 'plain',
  tenantId: 'plain',
  count: 'plain',
  scans: 'json',
  segments: 'json',
  group: 'json',
  dueAt: 'plain',
  toldAt: 'plain',
  revision: 'plain',
});

const webhookColumns = quoted(webhookCodec.names);

const listWebhooks = (order: 'asc' | 'desc'): Statement => ({
  sql: `select ${webhookColumns} from webhooks where tenantId = ?1 and (createdAt, id) ${order === 'asc' ? '>' : '<'} (?2, ?3)
    order by createdAt ${order}, id ${order} limit ?4`,
  index: 'webhooks_by_tenant',
});

export const webhookStatements = {
  insert: insertOf('webhooks', webhookCodec.names, 'id'),
  find: byKey(`select ${webhookColumns} from webhooks where id = ?1`),
  replace: replaceOf('webhooks', webhookCodec.names, 'id'),
  remove: byKey('delete from webhooks where id = ?1 and tenantId = ?2'),
  newestFirst: listWebhooks('desc'),
  oldestFirst: listWebhooks('asc'),
  active: {
    sql: `select ${webhookColumns} from webhooks where tenantId = ?1 and status = 'active' order by createdAt, id limit 200`,
    index: 'webhooks_active',
  },
  wanted: {
    sql: `select json_group_array(json(events)) from webhooks where tenantId = ?1 and status = 'active'`,
    index: 'webhooks_active',
  },
} satisfies Record<string, Statement>;

export const callbackSecretStatements = {
  insert: insertOf('callback_secrets', callbackSecretsCodec.names, 'tenantId'),
  find: byKey(`select ${quoted(callbackSecretsCodec.names)} from callback_secrets where tenantId = ?1`),
  replace: replaceOf('callback_secrets', callbackSecretsCodec.names, 'tenantId'),
} satisfies Record<string, Statement>;

const deliveryColumns = quoted(deliveryCodec.names);

export type DeliveryOwner = 'webhook' | 'callbacks';

const ownerTerm = { webhook: 'webhookId = ?1', callbacks: 'tenantId = ?1 and webhookId is null' } as const;
const ownerIndex = {
  webhook: { all: 'deliveries_by_webhook', ofStatus: 'deliveries_by_webhook_and_status' },
  callbacks: { all: 'deliveries_to_callbacks', ofStatus: 'deliveries_to_callbacks_of_status' },
} as const;

/** Lists the deliveries of a webhook, or those to the callbacks of a tenant. Parameters: owner, createdAt and id to begin behind, limit; then status and resourceId, where they are asked for. */
export function listDeliveries(owner: DeliveryOwner, { order, status, resourceId }: DeliveryPage): Statement {
  // The plus keeps SQLite from going through all of a tenant's: a resource has one tenant.
  const ownTerm = resourceId === null ? ownerTerm[owner] : ownerTerm[owner].replace('tenantId', '+tenantId');
  const terms = [ownTerm, `(createdAt, id) ${order === 'oldest-first' ? '>' : '<'} (?2, ?3)`];
  if (status !== null) terms.push('status = ?5');
  if (resourceId !== null) terms.push(`resourceId = ?${status === null ? 5 : 6}`);
  const direction = order === 'oldest-first' ? 'asc' : 'desc';
  return {
    sql: `select ${deliveryColumns} from deliveries where ${terms.join(' and ')}
      order by createdAt ${direction}, id ${direction} limit ?4`,
    index: resourceId === null ? ownerIndex[owner][status === null ? 'all' : 'ofStatus'] : 'deliveries_by_resource',
  };
}

const trimmed = `case when json_array_length(attempts) >= ${mostAttemptsKept} then json_remove(attempts, '$[0]') else attempts end`;

export const deliveryStatements = {
  insert: insertOf('deliveries', deliveryCodec.names, 'id'),
  find: byKey(`select ${deliveryColumns} from deliveries where id = ?1`),
  due: {
    sql: `select id, lane, nextAttemptAt from deliveries where status = 'queued' and nextAttemptAt <= ?1
      and (nextAttemptAt, id) > (?2, ?3) order by nextAttemptAt, id limit ?4`,
    index: 'deliveries_due',
  },
  dueInLane: {
    sql: `select id, lane, nextAttemptAt from deliveries where lane = ?1 and status = 'queued' and nextAttemptAt <= ?2
      order by nextAttemptAt, id limit ?3`,
    index: 'deliveries_due_in_lane',
  },
  lease: byKey(`update deliveries set nextAttemptAt = ?3 where id = ?1 and status = 'queued' and nextAttemptAt = ?2`),
  /* ?2 lease, ?3 attempt, ?4 status, ?5 nextAttemptAt, ?6 error, ?7 completedAt */
  record: byKey(`update deliveries set attempts = json_insert(${trimmed}, '$[#]', json(?3)),
      attemptsMade = attemptsMade + 1, status = ?4, nextAttemptAt = ?5, error = ?6, completedAt = ?7
    where id = ?1 and status = 'queued' and nextAttemptAt = ?2`),
  recordOnly: byKey(`update deliveries set attempts = json_insert(${trimmed}, '$[#]', json(?2)) where id = ?1`),
  fail: byKey(`update deliveries set status = 'failed', error = ?2, completedAt = ?3, nextAttemptAt = null
    where id = ?1 and status = 'queued'`),
  redeliver: byKey(`update deliveries set status = 'queued', attemptsMade = 0, nextAttemptAt = ?2, error = null,
    completedAt = null where id = ?1`),
  purgeable: {
    sql: 'select id from deliveries where completedAt < ?1 order by completedAt limit ?2',
    index: 'deliveries_ended',
  },
  remove: byKey('delete from deliveries where id = ?1 and completedAt < ?2'),
} satisfies Record<string, Statement>;

export const scanNoticeStatements = {
  insert: insertOf('scan_notices', scanNoticeCodec.names, 'codeId'),
  find: byKey(`select ${quoted(scanNoticeCodec.names)} from scan_notices where codeId = ?1`),
  replace: replaceOf('scan_notices', scanNoticeCodec.names, 'codeId'),
  due: {
    sql: `select ${quoted(scanNoticeCodec.names)} from scan_notices where dueAt <= ?1 order by dueAt limit ?2`,
    index: 'scan_notices_due',
  },
} satisfies Record<string, Statement>;

const open = `status in ('queued', 'running')`;

/** Adds an end to those that are to be told. */
const endAdded = (end: string): string => `coalesce(substr(ends, 1, length(ends) - 1) || ',', '[') || ${end} || ']'`;

/** Parameters: id, status, result, error, completedAt, wanted (0 or 1), mark. */
const endColumns = 'status = ?2, result = ?3, error = ?4, completedAt = ?5';
const endObject = `json_object('status', ?2, 'at', ?5, 'result', json(?3), 'error', json(?4),
  'callbacks', json(coalesce(callbacks, '[]')), 'isForWebhooks', json(case when ?6 = 1 and redrawn is null then 'true' else 'false' end))`;

export const renderOutboxStatements = {
  /** The usual end: nobody is to be called. */
  end: byKey(`update renders set ${endColumns},
      ends = case when ?6 = 1 and redrawn is null then ${endAdded(endObject)} else ends end,
      mark = case when ?6 = 1 and redrawn is null then ?7 else mark end
    where id = ?1 and ${open} and callbacks is null`),
  endWithCallbacks: byKey(`update renders set ${endColumns}, ends = ${endAdded(endObject)}, mark = ?7, callbacks = null
    where id = ?1 and ${open} and callbacks is not null`),
  markOf: byKey('select mark from renders where id = ?1'),
  /** Parameters: id, callbacks, mark. A row that has ended is to tell its end, to these callbacks only. */
  addCallbacks: byKey(`update renders set
      callbacks = case when ${open} then coalesce(substr(callbacks, 1, length(callbacks) - 1) || ',' || substr(?2, 2), ?2)
        else callbacks end,
      ends = case when ${open} then ends else ${endAdded(`json_object('status', status, 'at', completedAt,
        'result', json(result), 'error', json(error), 'callbacks', json(?2), 'isForWebhooks', json('false'))`)} end,
      mark = case when ${open} then mark else ?3 end
    where id = ?1 and status <> 'cancelled'`),
  toTell: {
    sql: `select mark, ends, ${renderCodec.names.join(', ')} from renders where mark is not null order by mark limit ?1`,
    index: 'renders_to_tell',
  },
  told: byKey('update renders set ends = null, mark = null where id = ?1 and mark = ?2'),
} satisfies Record<string, Statement>;
