import { beforeEach, describe, expect, it } from 'vitest';
import { createUsageMeter } from '../../api/usage-meter.ts';
import type { UsageAnswer } from '../../shared/contract/usage-answer.ts';
import { unavailable } from '../../shared/errors.ts';
import { type ApiUnderTest, newBody, startApi } from './support/api-under-test.ts';

const dayMs = 86_400_000;
let api: ApiUnderTest;

beforeEach(async () => {
  api = await startApi({ quotas: { rendersPerDay: 2, batchRowsPerDay: 5 } });
  await api.addKey('writer-of-a', 'write', 'acme');
  await api.post('/v1/tenants', { id: 'acme', name: 'Acme' });
});

const render = (body = newBody()) => api.post('/v1/renders', body, {}, 'writer-of-a');
const batch = (rows: number) => {
  const body = `url\n${Array.from({ length: rows }, (_, row) => `https://example.com/${row}\n`).join('')}`;
  return api.call('/v1/batches', { body, headers: { 'content-type': 'text/csv' }, key: 'writer-of-a' });
};
const usageOf = async (query = '', key = 'writer-of-a') =>
  (await api.call(`/v1/usage${query}`, { key })).json() as UsageAnswer;
const setQuotas = (quotas: object) => api.patch('/v1/tenants/acme', { quotas });

describe('a quota of renders', () => {
  it('lets so many be put to work on a day, and refuses more with what is used and when it begins anew', async () => {
    expect([(await render()).status, (await render()).status]).toEqual([200, 200]);
    const refused = await render();
    expect([refused.status, refused.json().code]).toEqual([429, 'quota_exceeded']);
    const tomorrow = new Date(Math.ceil(Date.now() / dayMs) * dayMs).toISOString();
    expect(refused.json().detail).toBe(
      `The quota renders is used up: 2 of 2 renders a day; it begins anew at ${tomorrow}`,
    );
    const leftS = (Date.parse(tomorrow) - Date.now()) / 1000;
    expect(Math.abs(Number(refused.headers.get('retry-after')) - leftS)).toBeLessThan(30);
    expect((await api.call('/v1/qr?data=new', { key: 'writer-of-a' })).status).toBe(429);
    expect((await api.call('/v1/qr?data=new', { key: null })).status).toBe(200);
    api.advance(dayMs);
    expect((await render()).status).toBe(200);
  });

  it('is not passed by many at once, and has what came to nothing back', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => render()));
    expect(many.filter(({ status }) => status === 200)).toHaveLength(2);
    expect(many.filter(({ status }) => status === 429)).toHaveLength(18);
    api.advance(dayMs);
    const { accept } = api.database.renders;
    api.database.renders.accept = () => Promise.reject(unavailable('database_unavailable', 'away'));
    expect((await render()).status).toBe(503);
    api.database.renders.accept = accept;
    const body = newBody();
    expect([(await render(body)).status, (await render(body)).status]).toEqual([200, 200]);
    expect((await usageOf()).quotas.renders).toMatchObject({ used: 1, remaining: 1 });
  });

  it('costs nothing for what is there already', async () => {
    const body = newBody();
    await render(body);
    await render(body);
    await render();
    expect((await render(body)).status).toBe(200);
    expect((await usageOf()).quotas.renders).toMatchObject({ limit: 2, used: 2, remaining: 0 });
  });

  it("is a tenant's own where an operator says so, within seconds, and off at 0", async () => {
    for (const _ of [1, 2]) await render();
    expect((await setQuotas({ rendersPerDay: 3 })).json()).toMatchObject({
      quotas: { rendersPerDay: 3, batchRowsPerDay: null },
    });
    const learn = async () => {
      await api.meter.flush();
      api.advance(3000);
      return (await api.call('/v1/me', { key: 'writer-of-a' })).json().quotas;
    };
    expect(await learn()).toMatchObject({ renders: { limit: 3, used: 2, remaining: 1 }, batchRows: { limit: 5 } });
    expect([(await render()).status, (await render()).status]).toEqual([200, 429]);
    await setQuotas({ rendersPerDay: 0 });
    expect(await learn()).toMatchObject({ renders: { limit: null, used: 3, remaining: null } });
    expect((await render()).status).toBe(200);
    expect((await setQuotas({ rendersPerDay: -1 })).status).toBe(422);
  });

  it('holds what several processes let through together', async () => {
    const beside = await startApi({ beside: api, quotas: { rendersPerDay: 2, batchRowsPerDay: 5 } });
    for (const _ of [1, 2]) await render();
    await api.meter.flush();
    expect((await beside.post('/v1/renders', newBody(), {}, 'writer-of-a')).status).toBe(429);
  });
});

describe('a quota of rows of batches', () => {
  it('refuses a file with more rows than are left, before any of it is accepted', async () => {
    expect((await batch(3)).status).toBe(202);
    const refused = await batch(3);
    expect([refused.status, refused.json().code]).toEqual([429, 'quota_exceeded']);
    expect(refused.json().detail).toMatch(/^The quota batchRows is used up: 3 of 5 .*; 3 more were asked for;/);
    expect((await batch(2)).status).toBe(202);
    const list = await api.call('/v1/batches', { key: 'writer-of-a' });
    expect(list.json().data).toHaveLength(2);
  });

  it('is not passed by files at once', async () => {
    const many = await Promise.all(Array.from({ length: 6 }, () => batch(2)));
    expect(many.map(({ status }) => status).sort()).toEqual([202, 202, 429, 429, 429, 429]);
    expect((await usageOf()).quotas.batchRows).toMatchObject({ used: 4, remaining: 1 });
  });

  it('says of a file with more rows than a day has that it never fits', async () => {
    const refused = await batch(6);
    expect([refused.status, refused.json().code]).toEqual([429, 'quota_exceeded']);
    expect(refused.json().detail).toBe('The quota batchRows is 5 rows of batches a day: 6 at once never fit');
    expect(refused.headers.has('retry-after')).toBe(false);
  });
});

describe('usage', () => {
  it('is told by day, those without any too, with totals', async () => {
    const today = new Date().toISOString().slice(0, 10);
    await render();
    await batch(4);
    await api.post('/v1/codes', { target: 'https://example.com' }, {}, 'writer-of-a');
    const usage = await usageOf();
    const counts = { calls: 4, renders: 1, batchRows: 4, codes: 1 };
    expect(usage).toMatchObject({ object: 'usage', tenantId: 'acme', total: counts });
    expect(usage.days).toHaveLength(31);
    expect(usage.days.at(-1)).toEqual({ day: today, ...counts });
    expect(usage.days[0]).toMatchObject({ calls: 0 });
    const none = await usageOf('?from=2026-01-01&to=2026-01-03');
    expect([none.from, none.to, none.days.length, none.total.calls]).toEqual(['2026-01-01', '2026-01-03', 2, 0]);
    expect((await api.call('/v1/usage?from=2020-01-01', { key: 'writer-of-a' })).status).toBe(422);
  });

  it("is another tenant's for operators only", async () => {
    await render();
    expect((await usageOf('?tenantId=acme', 'operator-key-for-tests')).total.renders).toBe(1);
    expect((await api.call('/v1/usage?tenantId=default', { key: 'writer-of-a' })).status).toBe(403);
  });
});

describe('counting', () => {
  const meterOn = (database: ApiUnderTest['database']) => {
    const quotas = { rendersPerDay: 3, batchRowsPerDay: 0 };
    return createUsageMeter({ ...database, quotas, log: api.deps.log, now: Date.now });
  };
  const day = new Date().toISOString().slice(0, 10);

  it('counts nothing twice when the database goes away halfway', async () => {
    const meter = meterOn(api.database);
    const { add } = api.database.usage;
    api.database.usage.add = async ([first, ...left]) => {
      await add(first ? [first] : []);
      return { left, err: unavailable('database_unavailable', 'away') };
    };
    for (const tenant of ['before', 'behind']) meter.count(tenant, 'renders', 2);
    await meter.flush();
    api.database.usage.add = add;
    await meter.flush();
    for (const tenant of ['before', 'behind'])
      expect(await api.database.usage.find(tenant, day)).toMatchObject({ renders: 2 });
  });

  it('loses nothing when it stops, nor while the database is away', async () => {
    const meter = meterOn(api.database);
    const stop = meter.start();
    const { add } = api.database.usage;
    api.database.usage.add = async (days) => ({ left: days, err: unavailable('database_unavailable', 'away') });
    meter.count('t', 'renders', 2);
    await meter.flush();
    expect((await meter.standing('t')).renders.used).toBe(2);
    meter.count('t', 'renders');
    expect(() => meter.reserve('t', 'renders')).toThrow('quota renders is used up: 3 of 3');
    api.database.usage.add = add;
    await stop();
    expect(await api.database.usage.find('t', day)).toMatchObject({ renders: 3 });
  });

  it('counts each thing once whenever it is stored and read meanwhile', async () => {
    const meter = meterOn(api.database);
    for (let round = 0; round < 30; round++) {
      meter.count('u', 'calls');
      meter.count('u', 'renders');
      const [standing] = await Promise.all([meter.standing('u'), round % 3 === 0 ? meter.flush() : null]);
      expect(standing.renders.used).toBe(round + 1);
    }
    await meter.flush();
    expect(await api.database.usage.find('u', day)).toMatchObject({ calls: 30, renders: 30 });
  });
});
