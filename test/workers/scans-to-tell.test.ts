import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ScanRow } from '../../shared/adapters/database/scan-store.ts';
import { tellingEveryMs } from '../../shared/domain/scans/scan-notice.ts';
import { createHandlers } from '../../workers/handlers.ts';
import { createProcessJob } from '../../workers/process-job.ts';
import { createScansToTell } from '../../workers/scans-to-tell.ts';
import { newWebhook } from '../suites/database/webhook-contract.ts';
import { openDeps, runningJob, type TestDeps } from './support/work-deps.ts';

let deps: TestDeps;
beforeEach(async () => {
  deps = await openDeps();
});
afterEach(() => deps.close());

let counter = 0;
function scansOf(codeId: string, count: number, more: Partial<ScanRow> = {}): ScanRow[] {
  return Array.from({ length: count }, () => ({
    id: `scn_${++counter}`,
    tenantId: 't',
    codeId,
    at: deps.now(),
    version: null,
    fallbackTarget: 'https://example.com/closed',
    source: 'qr',
    country: 'DE',
    city: null,
    visitor: 'v',
    device: 'mobile',
    system: 'iOS',
    browser: 'Safari',
    referrer: null,
    language: 'de',
    bot: false,
    ...more,
  }));
}

const relay = () => createProcessJob(createHandlers(deps), deps)(runningJob('relay-events', {}));

async function toldTo(webhookId: string): Promise<{ codeId: string; scanCount: number; scans: { id: string }[] }[]> {
  const page = { limit: 200, order: 'oldest-first', after: null, status: null, resourceId: null } as const;
  const rows = await deps.database.deliveries.list(webhookId, page);
  return rows.map(({ body, resourceId }) => {
    expect(Buffer.byteLength(body)).toBeLessThan(20_000);
    const { data } = JSON.parse(body);
    expect(resourceId).toBe(data.codeId);
    return data;
  });
}

async function addWebhook(events: ('code.scanned' | 'render.completed')[] = ['code.scanned']): Promise<string> {
  const row = newWebhook({ tenantId: 't', events });
  await deps.database.webhooks.insert(row);
  return row.id;
}

it('tells scans of a code together, at most once in a few seconds', async () => {
  const id = await addWebhook();
  const tell = createScansToTell(deps);
  await tell('seg_1', [...scansOf('cod_a', 2), ...scansOf('cod_b', 1)]);
  await relay();
  await tell('seg_2', scansOf('cod_a', 3));
  await tell('seg_3', scansOf('cod_a', 1));
  await relay();
  expect((await toldTo(id)).map(({ codeId, scanCount }) => [codeId, scanCount]).sort()).toEqual([
    ['cod_a', 2],
    ['cod_b', 1],
  ]);
  expect(deps.queues.added.at(-1)).toMatchObject({ name: 'relay-events', delayMs: tellingEveryMs });
  deps.clock.now += tellingEveryMs;
  await relay();
  const told = (await toldTo(id)).filter(({ codeId }) => codeId === 'cod_a');
  expect(told.map(({ scanCount }) => scanCount).sort()).toEqual([2, 4]);
  const shown = told.flatMap(({ scans }) => scans);
  expect(new Set(shown.map((scan) => scan.id)).size).toBe(6);
  expect(shown[0]).toMatchObject({ object: 'scan', target: 'https://example.com/closed', country: 'DE', bot: false });
  expect(JSON.stringify(shown)).not.toContain('visitor');
});

it('shows as many scans as fit, at most a hundred, and counts all', async () => {
  const id = await addWebhook();
  const tell = createScansToTell(deps);
  await tell('seg_1', scansOf('cod_many', 150));
  await tell('seg_2', scansOf('cod_long', 100, { fallbackTarget: `https://example.com/${'x'.repeat(2000)}` }));
  await relay();
  const told = await toldTo(id);
  const many = told.find(({ codeId }) => codeId === 'cod_many');
  const long = told.find(({ codeId }) => codeId === 'cod_long');
  expect([many?.scanCount, long?.scanCount]).toEqual([150, 100]);
  expect(many?.scans.length).toBeGreaterThan(20);
  expect(many?.scans.length).toBeLessThanOrEqual(100);
  expect(long?.scans.length).toBeGreaterThan(5);
  expect(long?.scans.length).toBeLessThan(10);
});

it('tells a segment once, however often it is recorded, and a group under one id when the relay is cut off', async () => {
  const id = await addWebhook();
  const tell = createScansToTell(deps);
  const scans = scansOf('cod_a', 2);
  await Promise.all([tell('seg_1', scans), tell('seg_1', scans), tell('seg_1', scans)]);
  const { replace } = deps.database.scanNotices;
  let calls = 0;
  deps.database.scanNotices.replace = (next) => (++calls > 1 ? Promise.reject(new Error('cut')) : replace(next));
  await relay();
  deps.database.scanNotices.replace = replace;
  await relay();
  await tell('seg_1', scans);
  deps.clock.now += tellingEveryMs;
  await relay();
  expect((await toldTo(id)).map(({ scanCount }) => scanCount)).toEqual([2]);
});

it('gathers nothing where nobody wants to be told', async () => {
  await addWebhook(['render.completed']);
  await createScansToTell(deps)('seg_1', [...scansOf('cod_a', 2), ...scansOf('cod_b', 1, { tenantId: 'other' })]);
  expect(await deps.database.scanNotices.find('cod_a')).toBeNull();
  expect(deps.queues.added).toEqual([]);
});
