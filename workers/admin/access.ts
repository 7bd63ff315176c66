import { hash, randomBytes } from 'node:crypto';
import { type KeyRow, type ListedPage, noQuotas, type TenantRow } from '../../shared/adapters/database/access-store.ts';
import { parseKeyRequest, parseTenantRequest } from '../../shared/contract/access-request.ts';
import { bootstrapKeyId, defaultTenant, type TenantStatus } from '../../shared/domain/access.ts';
import { makeApiKey } from '../../shared/domain/api-key.ts';
import { AppError } from '../../shared/errors.ts';
import type { AdminContext } from './admin-context.ts';

const pageSize = 200;
const shown = (at: number | null): string => (at === null ? '–' : new Date(at).toISOString());
const newId = (prefix: string): string => `${prefix}_${randomBytes(15).toString('base64url')}`;

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

/** Lists a tenant's keys, a line each. */
export async function listKeys({ database, say }: AdminContext, tenantId: string): Promise<void> {
  const { keys } = await database();
  for await (const { id, role, name, lastUsedAt, expiresAt } of all((page) => keys.list(tenantId, page)))
    say(`${id}  ${role.padEnd(8)}  used ${shown(lastUsedAt)}  expires ${shown(expiresAt)}  ${name}`);
}

/** Makes a key and says it, once. */
export async function makeKey(
  { database, now, say }: AdminContext,
  [tenantId = '', role = '', name = '']: string[],
): Promise<void> {
  const { keys, tenants } = await database();
  const request = parseKeyRequest({ name, role }, now());
  if (tenantId !== defaultTenant && (await tenants.find(tenantId)) === null) throw notFound('tenant', tenantId);
  const key = makeApiKey(randomBytes(16));
  const row: KeyRow = {
    ...{ id: newId('key'), tenantId, name: request.name, role: request.role, hash: hash('sha256', key, 'hex') },
    ...{ previousHash: null, previousUntil: null, expiresAt: null, lastUsedAt: null, createdAt: now() },
  };
  await keys.insert(row);
  say(`${row.id}  ${key}`);
}

/** Revokes a key: every process refuses it within five seconds. */
export async function revokeKey({ database, say }: AdminContext, id: string): Promise<void> {
  const { keys } = await database();
  const row = await keys.find(id);
  if (row === null) throw notFound('key', id);
  if (id === bootstrapKeyId)
    throw new AppError('conflict', 'bootstrap_key', 'This key follows BOOTSTRAP_API_KEY: change it there and restart');
  await keys.remove(row.tenantId, id);
  say(`${id} is revoked`);
}

/** Lists tenants, a line each. */
export async function listTenants({ database, say }: AdminContext): Promise<void> {
  const { tenants } = await database();
  for await (const { id, status, name } of all((page) => tenants.list(page))) say(`${id}  ${status}  ${name}`);
}

/** Makes a tenant with this name and says its id. */
export async function makeTenant({ database, now, say }: AdminContext, name: string): Promise<void> {
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
  say(id);
}

/** Suspends or activates a tenant: known to every process of the API within about two seconds. */
export async function setTenantStatus(
  { database, now, say }: AdminContext,
  id: string,
  status: TenantStatus,
): Promise<void> {
  const { tenants } = await database();
  for (;;) {
    const row: TenantRow | null = await tenants.find(id);
    if (row === null || id === defaultTenant) throw notFound('tenant that can be suspended', id);
    if (await tenants.replace({ ...row, status, revision: row.revision + 1, updatedAt: now() })) break;
  }
  say(`${id} is ${status}`);
}

function notFound(what: string, id: string): AppError {
  return new AppError('not-found', 'not_found', `There is no ${what} ${id}`);
}
