import { createHmac, hash } from 'node:crypto';
import type { KeyRow } from '../shared/adapters/database/access-store.ts';
import { type KeyRequest, parseKeyRequest, parseRotateKey } from '../shared/contract/access-request.ts';
import { parseKeyListQuery, writeCursor } from '../shared/contract/lists.ts';
import { inBody, invalidRequest } from '../shared/contract/zod-problems.ts';
import { bootstrapKeyId, defaultTenant, includesRole, type Role } from '../shared/domain/access.ts';
import { makeApiKey } from '../shared/domain/api-key.ts';
import { AppError } from '../shared/errors.ts';
import { newId } from '../shared/new-id.ts';
import { keyAnswer } from './access-view.ts';
import { cutPage } from './cut-page.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { linkToNext } from './list-links.ts';
import { noteChange } from './middleware/audit.ts';
import type { Auth } from './middleware/auth.ts';
import { idempotently } from './middleware/idempotency.ts';
import { readJson, readOptionalJson } from './middleware/read-json.ts';
import { readQuery } from './query.ts';

/** The routes of `/v1/keys`: admins within their tenant, operators everywhere. */
export function createKeyRoutes(deps: ApiDeps, { auth }: { auth: Pick<Auth, 'forget'> }) {
  const { config, database, now } = deps;
  const { keys } = database;
  const { publicUrl } = config;

  /**
   * The key of a reserved id that nobody else knows: a request that is cut off and sent again makes the same one, so nothing of it need
   * be kept.
   */
  const keyOf = (secretId: string): string =>
    makeApiKey(createHmac('sha256', config.secretKey).update(`api key ${secretId}`).digest().subarray(0, 16));

  const answer = (ctx: ApiContext, row: KeyRow, { status = 200, key }: { status?: number; key?: string } = {}) => {
    ctx.status = status;
    if (status === 201) ctx.set('Location', `${publicUrl}/v1/keys/${row.id}`);
    ctx.set('Cache-Control', 'private, no-store');
    ctx.body = keyAnswer(row, now(), key);
  };

  const findOwn = async (ctx: ApiContext): Promise<KeyRow> => {
    const row = await keys.find(ctx.params.id ?? '');
    if (row === null || (row.tenantId !== ctx.state.tenantId && roleOf(ctx) !== 'operator')) throw keyNotFound();
    return row;
  };

  /** A key that may be changed by the caller: none that may do more than theirs, and not that of the configuration. */
  const findChangeable = async (ctx: ApiContext): Promise<KeyRow> => {
    const row = await findOwn(ctx);
    assertMayGive(ctx, row.role);
    if (row.id === bootstrapKeyId)
      throw new AppError(
        'conflict',
        'bootstrap_key',
        'This key follows BOOTSTRAP_API_KEY, without it the file api-key in DATA_DIR: change it there and restart',
      );
    return row;
  };

  /** The tenant that a key is made for. */
  const tenantOf = async (ctx: ApiContext, { tenantId }: KeyRequest): Promise<string> => {
    if (tenantId === null || tenantId === ctx.state.tenantId) return ctx.state.tenantId;
    if (roleOf(ctx) !== 'operator')
      throw new AppError('forbidden', 'forbidden', 'Only operators make keys for other tenants');
    if (tenantId === defaultTenant || (await database.tenants.find(tenantId)) !== null) return tenantId;
    const problem = { path: ['tenantId'], code: 'unknown_tenant', accepted: 'the id of a tenant', received: tenantId };
    throw invalidRequest([problem], inBody);
  };

  const create = async (id: string, secretId: string, { name, role, expiresAt }: KeyRequest, tenantId: string) => {
    const row: KeyRow = {
      id,
      tenantId,
      name,
      role,
      hash: hash('sha256', keyOf(secretId), 'hex'),
      previousHash: null,
      previousUntil: null,
      expiresAt,
      lastUsedAt: null,
      createdAt: now(),
    };
    return (await keys.insert(row)) ? row : ((await keys.find(id)) ?? row);
  };

  return {
    async create(ctx: ApiContext): Promise<void> {
      const { value } = await readJson(ctx, config.limits.bodyBytes);
      const body = parseKeyRequest(value, now());
      assertMayGive(ctx, body.role);
      const tenantId = await tenantOf(ctx, body);
      const fields = { ...body, tenantId };
      const request = { route: 'POST /v1/keys', fields, resourceId: `${newId('key')} ${newId('sec')}` };
      await idempotently(deps, ctx, request, {
        first: async (reserved) => {
          const [id = '', secretId = ''] = reserved.split(' ');
          answer(ctx, await create(id, secretId, body, tenantId), { status: 201, key: keyOf(secretId) });
        },
        again: async (reserved) => {
          const [id = '', secretId = ''] = reserved.split(' ');
          const row = await keys.find(id);
          if (row === null) throw keyNotFound();
          answer(ctx, row, { status: 201, key: keyOf(secretId) });
        },
      });
    },

    async list(ctx: ApiContext): Promise<void> {
      const { tenantId: asked, ...page } = parseKeyListQuery(readQuery(ctx));
      const tenantId = asked !== null && roleOf(ctx) === 'operator' ? asked : ctx.state.tenantId;
      if (asked !== null && asked !== tenantId)
        throw new AppError('forbidden', 'forbidden', 'Only operators list the keys of other tenants');
      const found = await keys.list(tenantId, { ...page, limit: page.limit + 1 });
      const { rows, last } = cutPage(found, page.limit);
      const nextCursor = last && writeCursor(last, { list: 'keys', order: page.order });
      if (nextCursor !== null) ctx.set('Link', linkToNext(`${publicUrl}/v1/keys`, readQuery(ctx), nextCursor));
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = { data: rows.map((row) => keyAnswer(row, now())), nextCursor };
    },

    async show(ctx: ApiContext): Promise<void> {
      answer(ctx, await findOwn(ctx));
    },

    /** The key is refused at once here, and within five seconds by every other process. */
    async remove(ctx: ApiContext): Promise<void> {
      const row = await findChangeable(ctx);
      const { tenantId, id } = row;
      if (!(await keys.remove(tenantId, id))) throw keyNotFound();
      auth.forget(id);
      noteChange(ctx, { before: keyAnswer(row, now()), after: null, tenantId });
      ctx.status = 204;
    },

    /** The key of before works on beside the new one for as long as the caller says, a day by default. */
    async rotate(ctx: ApiContext): Promise<void> {
      const { id } = await findChangeable(ctx);
      const overlapMs = parseRotateKey((await readOptionalJson(ctx, config.limits.bodyBytes)) ?? {});
      const request = { route: 'POST /v1/keys/:id/rotate', fields: { id, overlapMs }, resourceId: newId('sec') };
      await idempotently(deps, ctx, request, {
        first: async (secretId) => {
          const key = keyOf(secretId);
          const { hash: from } = await findChangeable(ctx);
          await keys.rotate(id, { from, hash: hash('sha256', key, 'hex'), previousUntil: now() + overlapMs });
          auth.forget(id);
          const row = await findChangeable(ctx);
          if (row.hash !== hash('sha256', key, 'hex'))
            throw new AppError('conflict', 'key_contended', 'The key was rotated by another request at the same time');
          noteChange(ctx, { before: null, after: { key }, tenantId: row.tenantId });
          answer(ctx, row, { key });
        },
        again: async (secretId) => answer(ctx, await findOwn(ctx), { key: keyOf(secretId) }),
      });
    },
  };
}

function roleOf({ state }: ApiContext): Role {
  return state.key?.role ?? 'read';
}

/** @throws AppError `forbidden` for a role above the caller's own */
function assertMayGive(ctx: ApiContext, role: Role): void {
  if (includesRole(roleOf(ctx), role)) return;
  const message = `A key of the role ${roleOf(ctx)} makes and changes no keys of the role ${role}`;
  throw new AppError('forbidden', 'forbidden', message);
}

function keyNotFound(): AppError {
  return new AppError('not-found', 'not_found', 'There is no key with this id');
}
