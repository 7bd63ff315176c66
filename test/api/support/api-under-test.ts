import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll } from 'vitest';
import { buildApp } from '../../../api/app.ts';
import type { ApiDeps } from '../../../api/deps.ts';
import { seedBootstrapKey, seedDefaultTenant } from '../../../api/first-facts.ts';
import type { RateLimits } from '../../../api/middleware/rate-limits.ts';
import { openApiDocument } from '../../../api/openapi/document.ts';
import { createApiServer } from '../../../api/server.ts';
import { createSuspendedTenants } from '../../../api/suspended-tenants.ts';
import { createUsageMeter } from '../../../api/usage-meter.ts';
import type { CodeRow } from '../../../shared/adapters/database/code-store.ts';
import type { Database } from '../../../shared/adapters/database/database.ts';
import { connectSqlite } from '../../../shared/adapters/database/sqlite/connect-sqlite.ts';
import type { ProcessFacts } from '../../../shared/adapters/shared-counts.ts';
import type { Role } from '../../../shared/domain/access.ts';
import { Tally } from '../../../shared/tally.ts';
import { AnswerCheck } from '../../support/answer-check.ts';
import { temporaryFolder } from '../../support/servers.ts';
import { FakeQueues } from './fake-queues.ts';
import { MemoryObjects } from './memory-objects.ts';
import { noLimits, redirectsUnderTest } from './redirects-under-test.ts';

export const operatorKey = 'operator-key-for-tests';
export const publicUrl = 'https://qr.example.com';
export const shortUrl = 'https://q.example.com';

export type ApiUnderTest = Awaited<ReturnType<typeof startApi>>;
type Answer = { status: number; headers: Headers; body: Buffer; json: () => Record<string, unknown> };
type Init = {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer | FormData;
  key?: string | null;
};

/** Holds every answer of every test against the API's document. */
const check = new AnswerCheck(openApiDocument(publicUrl));

const endings: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of endings.splice(0)) await end();
});

type Options = {
  quotas?: { rendersPerDay: number; batchRowsPerDay: number };
  config?: Partial<ApiDeps['config']>;
  timeouts?: { headersMs?: number; bodyMs?: number; stillMs?: number };
  rateLimits?: RateLimits;
  /** The next API process on the same database, queue and objects. */
  beside?: { database: Database; queues: FakeQueues; objects: MemoryObjects };
};

/** Starts the API on a port of its own, a real database and queues and objects in memory. */
export async function startApi({
  config,
  timeouts,
  rateLimits = noLimits,
  quotas = { rendersPerDay: 0, batchRowsPerDay: 0 },
  beside,
}: Options = {}) {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, { write: (line) => lines.push(JSON.parse(line)) });
  const tally = new Tally();
  const database = beside?.database ?? (await connectSqlite(await temporaryFolder(), log));
  const objects = beside?.objects ?? new MemoryObjects();
  const queues = beside?.queues ?? new FakeQueues({ database, objects });
  const cached = new Map<string, Buffer>();
  const ending = new AbortController();
  const hurry = new AbortController();
  const changedCodes: CodeRow[] = [];
  let clockMs = 0;
  const now = () => Date.now() + clockMs;
  const meter = createUsageMeter({ ...database, quotas, log, now });
  const suspended = createSuspendedTenants({ store: database.tenants, log });
  const worker: ProcessFacts = { id: 'w', kind: 'pool', residentBytes: 1, lagSeconds: 0 };
  /** What a test may take away. */
  const parts = { workers: [worker] as ProcessFacts[] | null, counts: new Map<string, number>(), isDiskFull: false };
  const deps: ApiDeps = {
    config: {
      publicUrl,
      shortUrl,
      targetDeny: [{ host: 'denied.example', withSubdomains: true }],
      openQr: true,
      corsOrigins: [],
      webhooks: { outboundAllow: [], timeScale: 1 },
      wait: { defaultMs: 5000, maxMs: 30_000 },
      limits: {
        bodyBytes: 64 * 1024,
        logoBodyBytes: 2 * 1024 * 1024,
        logoBytes: 1024 * 1024,
        logoPixels: 4_000_000,
        csvBytes: 50_000,
        csvRows: 1000,
        csvColumns: 20,
        csvLineBytes: 4096,
        knownCodes: 1000,
        eventListeners: 3,
      },
      dataDir: '.',
      metricsToken: null,
      secretKey: 'a secret that is only for tests',
      shortOrigins: [],
      ...config,
    },
    database,
    queues,
    boardQueues: [],
    rateLimits,
    objects,
    imageCache: {
      get: async (id) => cached.get(id) ?? null,
      put: async (images) => {
        for (const { id, bytes } of images) cached.set(id, bytes);
      },
      remove: async (ids) => {
        for (const id of ids) cached.delete(id);
      },
      clear: async () => {
        const { size } = cached;
        cached.clear();
        return size;
      },
      close: async () => undefined,
    },
    log,
    tally,
    sharedCounts: {
      read: async () => parts.workers && { counts: parts.counts, processes: parts.workers },
      processes: async () => parts.workers,
    },
    processMetrics: { metrics: async () => '' },
    scans: () => ({ scansLost: 0, segments: 0, sizeBytes: 0, oldestAt: null }),
    probeJournal: async () => {
      if (parts.isDiskFull) throw new Error('ENOSPC: no space left on device, write');
    },
    now,
    ending: ending.signal,
    hurry: hurry.signal,
    suspended,
    meter,
    codeChanged: (row) => {
      changedCodes.push(row);
      redirects.lookup.changed(row);
    },
    codeMade: (row) => {
      changedCodes.push(row);
      redirects.lookup.made(row);
    },
  };
  const redirects = redirectsUnderTest({
    findBySlug: (slug) => database.codes.findBySlug(slug),
    publicUrl,
    log,
    now,
    tally,
    rateLimits,
    suspended,
  });
  await seedBootstrapKey(database, operatorKey, Date.now());
  await seedDefaultTenant(database, Date.now());
  const app = buildApp(deps);
  const api = createApiServer((...both) => redirects.handle(...both) || app(...both), publicUrl, timeouts);
  api.server.listen(0, '127.0.0.1');
  await once(api.server, 'listening');
  const { port } = api.server.address() as AddressInfo;
  endings.push(async () => {
    api.server.closeAllConnections();
    if (api.server.listening) await new Promise((resolve) => api.server.close(resolve));
    if (!beside) await database.close();
  });

  const call = async (path: string, { method, headers = {}, body, key = operatorKey }: Init = {}): Promise<Answer> => {
    const authorization: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...authorization, ...headers },
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const answer = { status: response.status, headers: response.headers, body: bytes };
    const told = check.problems(method ?? (body === undefined ? 'GET' : 'POST'), path, answer);
    if (told.length > 0) throw new Error(`The API's document does not know this answer:\n${told.join('\n')}`);
    return {
      status: response.status,
      headers: response.headers,
      body: bytes,
      json: () => JSON.parse(bytes.toString()),
    };
  };

  return {
    deps,
    parts,
    database,
    queues,
    objects,
    meter,
    cached,
    lines,
    port,
    ending,
    hurry,
    /** What the redirect was told of. */
    changedCodes,
    server: api,
    call,
    /** POST of JSON. */
    post: (path: string, body: unknown, headers: Record<string, string> = {}, key: string | null = operatorKey) =>
      call(path, { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers }, key }),
    /** PATCH with a merge patch. */
    patch: (path: string, body: unknown, headers: Record<string, string> = {}, key: string | null = operatorKey) =>
      call(path, {
        method: 'PATCH',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/merge-patch+json', ...headers },
        key,
      }),
    advance(ms: number): void {
      clockMs += ms;
    },
    async addKey(key: string, role: Role, tenantId: string): Promise<void> {
      const hash = createHash('sha256').update(key).digest('hex');
      await database.keys.put({ id: `key_${key}`, tenantId, name: key, role, hash, createdAt: Date.now() });
    },
  };
}

let counter = 0;
/** A body that no other test has sent. */
export function newBody(more: Record<string, unknown> = {}): Record<string, unknown> {
  counter++;
  return { content: { type: 'text', text: `text ${process.pid} ${counter}` }, ...more };
}

/** A PNG by its framing, 400 × 400 px by its header; what it holds is nothing, and another nothing each time. */
export function newPng(sizeBytes = 200): Buffer {
  counter++;
  const bytes = Buffer.alloc(sizeBytes);
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(bytes);
  bytes.writeUInt32BE(400, 16);
  bytes.writeUInt32BE(400, 20);
  bytes.writeUInt32BE(sizeBytes - 57, 33);
  bytes.write(`tEXt${process.pid} ${counter}`, 37);
  bytes.write('IEND', sizeBytes - 8);
  return bytes;
}
