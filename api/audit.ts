import type { AuditRow } from '../shared/adapters/database/audit-store.ts';
import { type AuditAnswer, parseAuditQuery } from '../shared/contract/audit-answer.ts';
import { writeCursor } from '../shared/contract/lists.ts';
import { assertMayLookInto } from './assert-may-look-into.ts';
import { cutPage } from './cut-page.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { linkToNext } from './list-links.ts';
import { readQuery } from './query.ts';

function auditAnswer({ createdAt, ...row }: AuditRow): AuditAnswer {
  return { object: 'audit_entry', ...row, createdAt: new Date(createdAt).toISOString() };
}

/**
 * The route of `/v1/audit`: what was changed in the caller's tenant; an operator sees every tenant's, or that of `tenantId`.
 */
export function createAuditRoute({ config, database }: Pick<ApiDeps, 'config' | 'database'>) {
  return async (ctx: ApiContext): Promise<void> => {
    const query = readQuery(ctx);
    const request = parseAuditQuery(query);
    const isOperator = ctx.state.key?.role === 'operator';
    if (request.tenantId !== null) assertMayLookInto(request.tenantId, ctx);
    const tenantId = isOperator ? request.tenantId : ctx.state.tenantId;
    const found = await database.audit.list({ ...request, tenantId, limit: request.limit + 1 });
    const { rows, last } = cutPage(found, request.limit);
    const nextCursor = last && writeCursor(last, { list: 'audit', order: request.order });
    if (nextCursor !== null) ctx.set('Link', linkToNext(`${config.publicUrl}/v1/audit`, query, nextCursor));
    ctx.set('Cache-Control', 'private, no-store');
    ctx.body = { data: rows.map(auditAnswer), nextCursor };
  };
}
