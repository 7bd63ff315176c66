import { setTimeout as pause } from 'node:timers/promises';
import type { AuditRow } from '../../shared/adapters/database/audit-store.ts';
import type { AuditAction } from '../../shared/contract/audit-actions.ts';
import { type RecordedKind, recordedChanges } from '../../shared/domain/recorded-changes.ts';
import { newId } from '../../shared/new-id.ts';
import { auditActions } from '../audit-actions.ts';
import type { ApiContext, ApiDeps, ApiMiddleware } from '../deps.ts';

/** Rests between tries to write a record whose change is made already, ms. */
const rests = [100, 400, 1500];
/** Longer than an Idempotency-Key lives. */
const replayMs = 25 * 60 * 60 * 1000;

/** What a handler says of the change that it made; without it, what it answers was made and the path names it. */
export type NotedChange = {
  /** The thing as it would be answered, before and after. */
  before: object | null;
  after: object | null;
  /** Whose it is, where that is not the caller's tenant. */
  tenantId?: string;
};

/** Says in a handler what changed; null: nothing did, and nothing is put on record. */
export function noteChange(ctx: ApiContext, change: NotedChange | null): void {
  ctx.state.change = change;
}

const kindOf = (action: AuditAction): RecordedKind => action.split('.')[0] as RecordedKind;

/** Fields of the answer, where it is one thing. */
const answered = (ctx: ApiContext): Record<string, unknown> =>
  typeof ctx.body === 'object' && ctx.body !== null ? (ctx.body as Record<string, unknown>) : {};

/** The record of what the handler did; null when it changed nothing. */
function rowOf(ctx: ApiContext, action: AuditAction, now: number): AuditRow | null {
  const { key, tenantId, requestId, change } = ctx.state;
  if (change === null || key === null) return null;
  const body = answered(ctx);
  const said: NotedChange = change ?? { before: null, after: ctx.method === 'POST' ? body : null };
  const owner = said.tenantId ?? (typeof body.tenantId === 'string' ? body.tenantId : tenantId);
  const objectId = ctx.params.id ?? (typeof body.id === 'string' ? body.id : owner);
  const common = { id: newId('aud'), tenantId: owner, keyId: key.id, action, objectId, requestId, createdAt: now };
  return { ...common, changes: recordedChanges(kindOf(action), said.before, said.after) };
}

/**
 * Puts on record who changed what, behind the change and before its answer. It stands in front of every route with a key: one that
 * changes something and is not in audit-actions.ts does not answer.
 *
 * @throws AppError `unavailable` when the change was made and its record cannot be written; the log has the record then
 */
export function createAudit({ database, log, now }: Pick<ApiDeps, 'database' | 'log' | 'now'>): ApiMiddleware {
  const write = async (row: AuditRow): Promise<void> => {
    for (const restMs of rests) {
      try {
        return await database.audit.insert([row]);
      } catch (err) {
        log.warn({ err, requestId: row.requestId }, 'a change is not on record yet');
        await pause(restMs);
      }
    }
    try {
      await database.audit.insert([row]);
    } catch (error) {
      const { changes: _, ...record } = row;
      log.error({ err: error, record }, 'a change is on record in this line only');
      throw error;
    }
  };
  const isOnRecord = async ({ objectId, action, createdAt, tenantId }: AuditRow): Promise<boolean> => {
    const range = {
      from: createdAt - replayMs,
      to: createdAt + 1,
      limit: 1,
      order: 'newest-first',
      after: null,
    } as const;
    return (await database.audit.list({ objectId, action, tenantId, ...range })).length > 0;
  };

  return async (ctx, next) => {
    if (ctx.method === 'GET' || ctx.method === 'HEAD') return next();
    const line = `${ctx.method} ${String(ctx._matchedRoute)}`;
    const action = auditActions[line];
    if (action === undefined) throw new Error(`${line} is not in audit-actions.ts`);
    await next();
    const row = action === null ? null : rowOf(ctx, action, now());
    if (row === null) return;
    // A request that is answered again may be one whose record could not be written.
    if (ctx.res.hasHeader('Idempotency-Replayed') && (await isOnRecord(row))) return;
    await write(row);
  };
}
