import { describe, expect, it } from 'vitest';
import type { Database } from '../../../shared/adapters/database/database.ts';
import {
  type DeliveryAttempt,
  type DeliveryPage,
  type DueDelivery,
  freshDelivery,
  mostAttemptsKept,
  type NewDelivery,
} from '../../../shared/adapters/database/webhook-store.ts';
import { noon, unique } from './rows.ts';

export function newDelivery(more: Partial<NewDelivery> = {}): NewDelivery {
  const webhookId = unique('whk');
  const body = '{"type":"render.completed","data":{"text":"Ünïcode \\u0001"}}';
  return {
    id: unique('msg'),
    tenantId: 't',
    webhookId,
    callbackUrl: null,
    lane: webhookId,
    type: 'render.completed',
    resourceId: 'rnd_a',
    body,
    createdAt: noon,
    ...more,
  };
}

const attempt: DeliveryAttempt = { at: noon + 1, httpStatus: 500, latencyMs: 12, error: null, body: 'no' };
const error = { code: 'attempts_exhausted', detail: 'None was answered', pointer: null };

/** What deliveries promise. */
export function deliveriesContract(database: () => Database): void {
  const deliveries = () => database().deliveries;

  describe('deliveries', () => {
    it('are inserted once by id and begin due at once', async () => {
      const [one, two] = [
        newDelivery(),
        newDelivery({ webhookId: null, callbackUrl: 'https://a.test/', lane: 'lane' }),
      ];
      expect(await deliveries().insert([one])).toEqual([one.id]);
      expect(await deliveries().insert([one, two, { ...one, body: 'other' }])).toEqual([two.id]);
      expect(await deliveries().insert([])).toEqual([]);
      expect(await deliveries().find(one.id)).toEqual(freshDelivery(one));
      expect(await deliveries().find(two.id)).toEqual(freshDelivery(two));
      expect(await deliveries().find(unique('msg'))).toBeNull();
    });

    it('are inserted by one of many who bring the same', async () => {
      const rows = Array.from({ length: 10 }, () => newDelivery());
      const inserted = await Promise.all(Array.from({ length: 6 }, () => deliveries().insert(rows)));
      expect(inserted.flat().sort()).toEqual(rows.map(({ id }) => id).sort());
    });

    it.each(['one webhook', 'the callbacks of a tenant'])(
      'list %s, page by page, of one status or all, of one resource or all',
      async (of) => {
        const owner = unique('owner');
        const isWebhook = of === 'one webhook';
        const callback = { webhookId: null, callbackUrl: 'https://a.test/' };
        const resourceId = `bat_${owner}`;
        const rows = Array.from({ length: 5 }, (_, index) => {
          const whose = isWebhook ? { webhookId: owner } : { tenantId: owner, ...callback };
          const createdAt = noon + Math.floor(index / 2);
          return newDelivery({
            id: `msg_${index}_${owner}`,
            ...whose,
            createdAt,
            resourceId: index % 2 === 0 ? resourceId : null,
          });
        });
        const others = [
          newDelivery({ resourceId }),
          newDelivery({ tenantId: owner, resourceId }),
          newDelivery({ ...callback, lane: 'lane', resourceId }),
        ];
        await deliveries().insert([...rows, ...others]);
        for (const { id } of rows.slice(1, 3)) await deliveries().fail(id, error, noon);
        const idsOf = async (over: Partial<DeliveryPage>): Promise<string[]> => {
          const ids: string[] = [];
          for (let after: DeliveryPage['after'] = null; ; ) {
            const query: DeliveryPage = {
              limit: 2,
              order: 'oldest-first',
              status: null,
              resourceId: null,
              ...over,
              after,
            };
            const got = await deliveries()[isWebhook ? 'list' : 'listOfCallbacks'](owner, query);
            ids.push(...got.map(({ id }) => id));
            after = got.at(-1) ?? null;
            if (after === null) return ids;
          }
        };
        const ids = rows.map(({ id }) => id);
        expect(await idsOf({})).toEqual(ids);
        expect(await idsOf({ order: 'newest-first' })).toEqual(ids.toReversed());
        expect(await idsOf({ status: 'failed' })).toEqual(ids.slice(1, 3));
        expect(await idsOf({ status: 'failed', order: 'newest-first' })).toEqual(ids.slice(1, 3).toReversed());
        expect(await idsOf({ status: 'completed' })).toEqual([]);
        const ofResource = [ids[0], ids[2], ids[4]];
        expect(await idsOf({ resourceId })).toEqual(ofResource);
        expect(await idsOf({ resourceId, order: 'newest-first' })).toEqual(ofResource.toReversed());
        expect(await idsOf({ resourceId, status: 'failed' })).toEqual([ids[2]]);
        expect(await idsOf({ resourceId, status: 'failed', order: 'newest-first' })).toEqual([ids[2]]);
        expect(await idsOf({ resourceId: 'bat_none' })).toEqual([]);
      },
    );

    it('are due in order, all of them or those of a lane', async () => {
      const long = 2_000;
      const lane = unique('lane');
      const rows = [3, 1, 2, 1].map((late, index) =>
        newDelivery({ id: `msg_${index}_${lane}`, lane: index === 2 ? unique('lane') : lane, createdAt: long + late }),
      );
      await deliveries().insert(rows);
      const order = [rows[1], rows[3], rows[2], rows[0]].map((row) => row?.id);
      const found: DueDelivery[] = [];
      for (let page = 0; page < 4; page++)
        found.push(...(await deliveries().due({ at: long + 3, limit: 1, after: found.at(-1) ?? null })));
      expect(found.map(({ id }) => id)).toEqual(order);
      expect(found[0]).toEqual({ id: rows[1]?.id, lane, nextAttemptAt: long + 1 });
      expect((await deliveries().due({ at: long + 1, limit: 9, after: null })).map(({ id }) => id)).toEqual(
        order.slice(0, 2),
      );
      const inLane = await deliveries().dueInLane(lane, { at: long + 3, limit: 2 });
      expect(inLane.map(({ id }) => id)).toEqual(order.slice(0, 2));
      for (const { id } of rows) await deliveries().fail(id, error, noon);
      expect(await deliveries().due({ at: long + 3, limit: 9, after: null })).toEqual([]);
    });

    it('are taken for an attempt by one run, which puts it on record and decides', async () => {
      const row = newDelivery();
      await deliveries().insert([row]);
      const taken = await Promise.all([1, 2, 3, 4].map(() => deliveries().lease(row.id, noon, noon + 20)));
      expect(taken.filter(Boolean)).toHaveLength(1);
      const verdict = { status: 'queued', nextAttemptAt: noon + 99 } as const;
      expect(await deliveries().record(row.id, noon + 20, attempt, verdict)).toBe(true);
      const tried = { ...freshDelivery(row), attempts: [attempt], attemptsMade: 1, nextAttemptAt: noon + 99 };
      expect(await deliveries().find(row.id)).toEqual(tried);
      expect(await deliveries().lease(row.id, noon + 99, noon + 200)).toBe(true);
      const taking = { ...attempt, httpStatus: 204, body: '' };
      expect(await deliveries().record(row.id, noon + 200, taking, { status: 'completed' })).toBe(true);
      expect(await deliveries().find(row.id)).toEqual({
        ...tried,
        status: 'completed',
        attempts: [attempt, taking],
        attemptsMade: 2,
        nextAttemptAt: null,
        completedAt: attempt.at,
      });
      expect(await deliveries().lease(row.id, noon + 200, noon + 300)).toBe(false);
    });

    it('keep the attempt of a run that lost its lease, and nothing else of it', async () => {
      const row = newDelivery();
      await deliveries().insert([row]);
      await deliveries().lease(row.id, noon, noon + 20);
      await deliveries().redeliver(row.id, noon + 5);
      expect(await deliveries().record(row.id, noon + 20, attempt, { status: 'failed', error })).toBe(false);
      expect(await deliveries().find(row.id)).toEqual({
        ...freshDelivery(row),
        attempts: [attempt],
        nextAttemptAt: noon + 5,
      });
    });

    it('keep the latest attempts', async () => {
      const row = newDelivery();
      await deliveries().insert([row]);
      for (let made = 0; made < mostAttemptsKept + 2; made++)
        await deliveries().record(
          row.id,
          noon,
          { ...attempt, latencyMs: made },
          { status: 'queued', nextAttemptAt: noon },
        );
      const kept = (await deliveries().find(row.id))?.attempts.map(({ latencyMs }) => latencyMs);
      expect(kept).toEqual(Array.from({ length: mostAttemptsKept }, (_, index) => index + 2));
    });

    it('are given up, begin anew when redelivered, and end without an attempt', async () => {
      const row = newDelivery();
      await deliveries().insert([row]);
      await deliveries().record(row.id, noon, attempt, { status: 'failed', error });
      const failed = { status: 'failed', error, nextAttemptAt: null, completedAt: attempt.at };
      expect(await deliveries().find(row.id)).toMatchObject({ ...failed, attemptsMade: 1 });
      expect(await deliveries().redeliver(row.id, noon + 9)).toBe(true);
      const anew = { status: 'queued', error: null, attemptsMade: 0, nextAttemptAt: noon + 9, completedAt: null };
      expect(await deliveries().find(row.id)).toMatchObject({ ...anew, attempts: [attempt] });
      await deliveries().fail(row.id, error, noon + 10);
      await deliveries().fail(row.id, { ...error, code: 'other' }, noon + 11);
      expect(await deliveries().find(row.id)).toMatchObject({ ...failed, completedAt: noon + 10 });
      expect(await deliveries().redeliver(unique('msg'), noon)).toBe(false);
    });

    it('are purged when they ended long ago, a few at a time', async () => {
      const long = -3_000_000;
      const [old, older, open] = [newDelivery(), newDelivery(), newDelivery()];
      await deliveries().insert([old, older, open]);
      await deliveries().fail(old.id, error, long + 2);
      await deliveries().fail(older.id, error, long + 1);
      expect(await deliveries().purgeEnded(long + 3, 1)).toBe(1);
      expect([await deliveries().find(older.id), (await deliveries().find(old.id))?.id]).toEqual([null, old.id]);
      expect(await deliveries().purgeEnded(long + 2, 9)).toBe(0);
      expect(await deliveries().purgeEnded(long + 3, 9)).toBe(1);
      expect((await deliveries().find(open.id))?.id).toBe(open.id);
    });
  });
}
