import { noQuotas, type Quotas, type TenantRow } from '../shared/adapters/database/access-store.ts';
import { parseTenantPatch, parseTenantRequest } from '../shared/contract/access-request.ts';
import { parseListQuery, writeCursor } from '../shared/contract/lists.ts';
import { anonymousTenant, defaultTenant } from '../shared/domain/access.ts';
import { canonicalJson } from '../shared/domain/identity.ts';
import { AppError } from '../shared/errors.ts';
import { newId } from '../shared/new-id.ts';
import { keyAnswer, tenantAnswer } from './access-view.ts';
import { cutPage } from './cut-page.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { linkToNext } from './list-links.ts';
import { noteChange } from './middleware/audit.ts';
import { idempotently, readIdempotencyKey } from './middleware/idempotency.ts';
import { readJson } from './middleware/read-json.ts';
import { readQuery } from './query.ts';
import { quotasAnswer } from './usage.ts';

/** How often a change is tried again that met another. */
const maxRounds = 20;

/** The routes of `/v1/tenants`, for operators, and `/v1/me`. */
export function createTenantRoutes(deps: ApiDeps) {
  const { config, database, now, suspended, meter } = deps;
  const { tenants } = database;
  const { publicUrl } = config;

  const answer = (ctx: ApiContext, row: TenantRow, status = 200): void => {
    ctx.status = status;
    if (status === 201) ctx.set('Location', `${publicUrl}/v1/tenants/${row.id}`);
    ctx.set('Cache-Control', 'private, no-store');
    ctx.body = tenantAnswer(row);
    if (status === 201) noteChange(ctx, { before: null, after: tenantAnswer(row), tenantId: row.id });
  };

  const findOne = async (id: string): Promise<TenantRow> => {
    const row = await tenants.find(id);
    if (row === null) throw new AppError('not-found', 'not_found', 'There is no tenant with this id');
    return row;
  };

  return {
    async create(ctx: ApiContext): Promise<void> {
      const { value } = await readJson(ctx, config.limits.bodyBytes);
      const body = parseTenantRequest(value);
      if (body.id === anonymousTenant) throw idTaken(anonymousTenant);
      const wanted = body.id ?? newId('tnt');
      // Whether it was free is reserved with its id: what stands there when a cut-off request comes again was made by that.
      const resourceId = (await tenants.find(wanted)) === null ? wanted : `${wanted} taken`;
      await idempotently(
        deps,
        ctx,
        { route: 'POST /v1/tenants', fields: body, resourceId },
        {
          first: async (reserved) => {
            const [id = '', taken] = reserved.split(' ');
            const at = now();
            const quotas = { ...noQuotas, ...given(body.quotas ?? {}) };
            const times = { createdAt: at, updatedAt: at };
            const row: TenantRow = { id, name: body.name, status: 'active', quotas, revision: 1, ...times };
            const isNew = await tenants.insert(row);
            const made = isNew ? row : await findOne(id);
            // An earlier request of this key that was cut off behind its write may have made it: then it is just what is asked for.
            const isOwn = taken === undefined && readIdempotencyKey(ctx) !== null && asks(made) === asks(row);
            if (!isNew && !isOwn) throw idTaken(id);
            answer(ctx, made, 201);
          },
          again: async (reserved) => answer(ctx, await findOne(reserved.split(' ')[0] ?? ''), 201),
        },
      );
    },

    async list(ctx: ApiContext): Promise<void> {
      const query = readQuery(ctx);
      const page = parseListQuery(query, { withStatus: false, list: 'tenants' });
      const found = await tenants.list({ ...page, limit: page.limit + 1 });
      const { rows, last } = cutPage(found, page.limit);
      const nextCursor = last && writeCursor(last, { list: 'tenants', order: page.order });
      if (nextCursor !== null) ctx.set('Link', linkToNext(`${publicUrl}/v1/tenants`, query, nextCursor));
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = { data: rows.map(tenantAnswer), nextCursor };
    },

    async show(ctx: ApiContext): Promise<void> {
      answer(ctx, await findOne(ctx.params.id ?? ''));
    },

    /** A suspension is known here at once, in every other process of the API within about two seconds. */
    async change(ctx: ApiContext): Promise<void> {
      const { value } = await readJson(ctx, config.limits.bodyBytes);
      const { name, status, quotas: patch } = parseTenantPatch(value);
      const quotas = patch === null ? noQuotas : (patch ?? {});
      for (let round = 0; round < maxRounds; round++) {
        const row = await findOne(ctx.params.id ?? '');
        if (row.id === defaultTenant && status === 'suspended')
          throw new AppError(
            'conflict',
            'default_tenant',
            'The tenant default has the key of the configuration and stays active',
          );
        const next: TenantRow = {
          ...row,
          name: name ?? row.name,
          status: status ?? row.status,
          quotas: { ...row.quotas, ...given(quotas) },
          revision: row.revision + 1,
          updatedAt: now(),
        };
        if (asks(row) === asks(next)) {
          noteChange(ctx, null);
          return answer(ctx, row);
        }
        if (!(await tenants.replace(next))) continue;
        noteChange(ctx, { before: tenantAnswer(row), after: tenantAnswer(next), tenantId: row.id });
        await suspended.refresh();
        return answer(ctx, next);
      }
      throw new AppError('unavailable', 'tenant_contended', 'Others changed the tenant all the time', {
        retryAfterS: 1,
      });
    },

    async me(ctx: ApiContext): Promise<void> {
      const { key, tenantId } = ctx.state;
      if (key === null) throw new Error('/v1/me was reached without a key');
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = {
        object: 'me',
        key: keyAnswer(key, now()),
        tenant: tenantAnswer(await findOne(tenantId)),
        quotas: await quotasAnswer(meter, tenantId),
      };
    },
  };
}

/** What requests ask of a tenant, apart from its id: equal texts ask the same. */
const asks = ({ name, status, quotas }: TenantRow): string => canonicalJson({ name, status, quotas });

type PartialQuotas = { [Name in keyof Quotas]?: number | null | undefined };

/** Those that were named. */
function given(quotas: PartialQuotas): Partial<Quotas> {
  return Object.fromEntries(Object.entries(quotas).filter(([, value]) => value !== undefined));
}

function idTaken(id: string): AppError {
  return new AppError('conflict', 'tenant_id_taken', `There is a tenant ${id} already`);
}
