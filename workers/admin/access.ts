import { hash, randomBytes } from 'node:crypto';
import { type KeyRow, type ListedPage, noQuotas, type TenantRow } from '../../shared/adapters/database/access-store.ts';
import type { AuditRow } from '../../shared/adapters/database/audit-store.ts';
import type { Database } from '../../shared/adapters/database/database.ts';
import { parseKeyRequest, parseTenantRequest } from '../../shared/contract/access-request.ts';
import type { AuditAction } from '../../shared/contract/audit-actions.ts';
import { bootstrapKeyId, defaultTenant, type TenantStatus } from '../../shared/domain/access.ts';
import { makeApiKey } from '../../shared/domain/api-key.ts';
import { recordedChanges } from '../../shared/domain/recorded-changes.ts';
import { AppError } from '../../shared/errors.ts';
import { newId } from '../../shared/new-id.ts';
import type { AdminContext } from './admin-context.ts';

const pageSize = 200;
const shown = (at: number | null): string => (at === null ? '–' : new Date(at).toISOString());

async function* all<Row extends { createdAt: number; id: string }>(
  list: (page: ListedPage) => Promise<Row[]>,
): AsyncGenerator<Row> {
  for (let after: Row | null = null; ; ) {
    const page: Row[] = await list({ limit: pageSize, order: 'oldest-first', after });
    yield* page;
    after = page.at(-1) ?? null;
    if (page.length < pageSize) return;
  }
}

type Change = {
  action: Extract<AuditAction, `key.${string}` | `tenant.${string}`>;
  before: object | null;
  after: object | null;
};

/** Puts a change on record as /v1 does; `keyId` says that it came from a shell. */
async function record(
  { database, now }: AdminContext,
  { action, before, after, ...about }: Pick<AuditRow, 'tenantId' | 'objectId'> & Change,
): Promise<void> {
  const id = newId('aud');
  const changes = recordedChanges(action.split('.')[0] as 'key' | 'tenant', before, after);
  await (await database()).audit.insert([
    { id, keyId: 'npm run admin', requestId: id, action, changes, ...about, createdAt: now() },
  ]);
}

/** Lists a tenant's keys, a line each. */
export async function listKeys({ database, say }: AdminContext, tenantId: string): Promise<void> {
  const { keys, tenants } = await database();
  await demandTenant(tenants, tenantId);
  for await (const { id, role, name, lastUsedAt, expiresAt } of all((page) => keys.list(tenantId, page)))
    say(`${id}  ${role.padEnd(8)}  used ${shown(lastUsedAt)}  expires ${shown(expiresAt)}  ${name}`);
}

/** Makes a key and says it, once. */
export async function makeKey(context: AdminContext, [tenantId = '', role = '', name = '']: string[]): Promise<void> {
  const { database, now, say } = context;
  const { keys, tenants } = await database();
  const request = parseKeyRequest({ name, role }, now());
  await demandTenant(tenants, tenantId);
  const key = makeApiKey(randomBytes(16));
  const row: KeyRow = {
    ...{ id: newId('key'), tenantId, name: request.name, role: request.role, hash: hash('sha256', key, 'hex') },
    ...{ previousHash: null, previousUntil: null, expiresAt: null, lastUsedAt: null, createdAt: now() },
  };
  await keys.insert(row);
  await record(context, {
    action: 'key.create',
    tenantId,
    objectId: row.id,
    before: null,
    after: { ...row, key },
  });
  say(`${row.id}  ${key}`);
}

/** Revokes a key: every process refuses it within five seconds. */
export async function revokeKey(context: AdminContext, id: string): Promise<void> {
  const { database, say } = context;
  const { keys } = await database();
  const row = await keys.find(id);
  if (row === null) throw notFound('key', id);
  if (id === bootstrapKeyId)
    throw new AppError('conflict', 'bootstrap_key', 'This key follows BOOTSTRAP_API_KEY: change it there and restart');
  if (!(await keys.remove(row.tenantId, id))) throw notFound('key', id);
  const expiresAt = row.expiresAt === null ? null : shown(row.expiresAt);
  await record(context, {
    action: 'key.revoke',
    tenantId: row.tenantId,
    objectId: id,
    before: { ...row, expiresAt },
    after: null,
  });
  say(`${id} is revoked`);
}

/** Lists tenants, a line each. */
export async function listTenants({ database, say }: AdminContext): Promise<void> {
  const { tenants } = await database();
  for await (const { id, status, name } of all((page) => tenants.list(page))) say(`${id}  ${status}  ${name}`);
}

/** Makes a tenant with this name and says its id. */
export async function makeTenant(context: AdminContext, name: string): Promise<void> {
  const { database, now, say } = context;
  const { name: checked } = parseTenantRequest({ name });
  const times = { createdAt: now(), updatedAt: now() };
  const id = newId('tnt');
  await (await database()).tenants.insert({
    id,
    name: checked,
    status: 'active',
    quotas: noQuotas,
    revision: 1,
    ...times,
  });
  const after = { name: checked, status: 'active', quotas: noQuotas };
  await record(context, { action: 'tenant.create', tenantId: id, objectId: id, before: null, after });
  say(id);
}

/** Suspends or activates a tenant: known to every process of the API within about two seconds. */
export async function setTenantStatus(context: AdminContext, id: string, status: TenantStatus): Promise<void> {
  const { database, now, say } = context;
  const { tenants } = await database();
  if (id === defaultTenant)
    throw new AppError(
      'conflict',
      'default_tenant',
      `${id} is the operator's own tenant: it is active and cannot be suspended`,
    );
  for (;;) {
    const row: TenantRow | null = await tenants.find(id);
    if (row === null) throw notFound('tenant', id);
    if (row.status === status) return say(`${id} is ${status} already`);
    const next = { ...row, status, revision: row.revision + 1, updatedAt: now() };
    if (!(await tenants.replace(next))) continue;
    await record(context, { action: 'tenant.update', tenantId: id, objectId: id, before: row, after: next });
    return say(`${id} is ${status}`);
  }
}

async function demandTenant(tenants: Database['tenants'], id: string): Promise<void> {
  if (id !== defaultTenant && (await tenants.find(id)) === null) throw notFound('tenant', id);
}

function notFound(what: string, id: string): AppError {
  return new AppError('not-found', 'not_found', `There is no ${what} ${id}`);
}
