import { describe, expect, it } from 'vitest';
import { changeWebhook } from '../../../shared/adapters/database/change-webhook.ts';
import type { Database } from '../../../shared/adapters/database/database.ts';
import type { WebhookRow } from '../../../shared/adapters/database/webhook-store.ts';
import type { ScanNotice } from '../../../shared/domain/scans/scan-notice.ts';
import { noon, unique } from './rows.ts';

export function newWebhook(more: Partial<WebhookRow> = {}): WebhookRow {
  return {
    id: unique('whk'),
    tenantId: unique('tenant'),
    url: 'https://example.com/hook?a=1',
    events: ['render.completed', 'render.failed'],
    description: null,
    status: 'active',
    disabledReason: null,
    secrets: [{ id: 'sec_1', sealed: 'x', createdAt: noon, expiresAt: null }],
    failingSince: null,
    revision: 1,
    createdAt: noon,
    updatedAt: noon,
    ...more,
  };
}

/** What webhooks, callback secrets and scan notices promise. */
export function webhooksContract(database: () => Database): void {
  const webhooks = () => database().webhooks;

  describe('webhooks', () => {
    it('are inserted once and found whole', async () => {
      const row = newWebhook({ description: 'Ünïcode', failingSince: noon, disabledReason: 'failing' });
      expect([await webhooks().insert(row), await webhooks().insert({ ...row, url: 'https://other.test' })]).toEqual([
        true,
        false,
      ]);
      expect(await webhooks().find(row.id)).toEqual(row);
      expect(await webhooks().find(unique('whk'))).toBeNull();
    });

    it('list one tenant, page by page, in both orders', async () => {
      const tenantId = unique('tenant');
      const rows = Array.from({ length: 5 }, (_, index) =>
        newWebhook({ id: `whk_${index}_${tenantId}`, tenantId, createdAt: noon + Math.floor(index / 2) }),
      );
      for (const row of rows) await webhooks().insert(row);
      await webhooks().insert(newWebhook());
      for (const order of ['oldest-first', 'newest-first'] as const) {
        const got: WebhookRow[] = [];
        for (let page = 0; page < 4; page++)
          got.push(...(await webhooks().list(tenantId, { limit: 2, order, after: got.at(-1) ?? null })));
        expect(got).toEqual(order === 'oldest-first' ? rows : rows.toReversed());
      }
    });

    it('are replaced by one of those who saw the same revision', async () => {
      const row = newWebhook();
      await webhooks().insert(row);
      const nexts = ['a', 'b', 'c', 'd'].map((name) => ({ ...row, url: `https://${name}.test`, revision: 2 }));
      const replaced = await Promise.all(nexts.map((next) => webhooks().replace(next)));
      expect(replaced.filter(Boolean)).toHaveLength(1);
      expect(await webhooks().find(row.id)).toEqual(nexts[replaced.indexOf(true)]);
      expect(await webhooks().replace({ ...newWebhook(), revision: 2 })).toBe(false);
    });

    it('lose no change that others make at the same time', async () => {
      const row = newWebhook({ events: ['render.failed'] });
      await webhooks().insert(row);
      const changes = Array.from({ length: 6 }, (_, index) =>
        changeWebhook(webhooks(), row.id, noon + index, ({ description }) => ({
          description: `${description ?? ''}x`,
        })),
      );
      await Promise.all(changes);
      expect(await webhooks().find(row.id)).toMatchObject({ description: 'xxxxxx', revision: 7 });
      expect(await changeWebhook(webhooks(), unique('none'), noon, () => ({}))).toBeNull();
    });

    it('are removed by their tenant only', async () => {
      const row = newWebhook();
      await webhooks().insert(row);
      expect(await webhooks().remove('another', row.id)).toBe(false);
      expect(await webhooks().remove(row.tenantId, row.id)).toBe(true);
      expect(await webhooks().remove(row.tenantId, row.id)).toBe(false);
      expect(await webhooks().find(row.id)).toBeNull();
    });

    it('say what active ones want, and who they are', async () => {
      const [one, two, none] = [unique('tenant'), unique('tenant'), unique('tenant')];
      const first = newWebhook({ tenantId: one, events: ['render.completed'] });
      const second = newWebhook({ tenantId: one, events: ['code.scanned'], createdAt: noon + 1 });
      const disabled = newWebhook({ tenantId: one, events: ['batch.failed'], status: 'disabled' });
      const other = newWebhook({ tenantId: two, events: ['batch.completed'] });
      for (const row of [first, second, disabled, other]) await webhooks().insert(row);
      expect(await webhooks().wantedEvents([one, two, none, one])).toEqual(
        new Map([
          [one, new Set(['render.completed', 'code.scanned'])],
          [two, new Set(['batch.completed'])],
        ]),
      );
      expect(await webhooks().active(one)).toEqual([first, second]);
      await webhooks().replace({ ...other, status: 'disabled', revision: 2 });
      expect(await webhooks().wantedEvents([two])).toEqual(new Map());
    });
  });

  describe('callback secrets', () => {
    it('are stored once for each revision', async () => {
      const tenantId = unique('tenant');
      const secretsOf = (id: string) => [{ id, sealed: 's', createdAt: noon, expiresAt: null }];
      const firsts = ['a', 'b', 'c'].map((id) => ({ tenantId, secrets: secretsOf(id), revision: 1 }));
      expect(await webhooks().findCallbackSecrets(tenantId)).toBeNull();
      const stored = await Promise.all(firsts.map((next) => webhooks().replaceCallbackSecrets(next)));
      expect(stored.filter(Boolean)).toHaveLength(1);
      expect(await webhooks().findCallbackSecrets(tenantId)).toEqual(firsts[stored.indexOf(true)]);
      const second = { tenantId, secrets: secretsOf('d'), revision: 2 };
      expect([
        await webhooks().replaceCallbackSecrets(second),
        await webhooks().replaceCallbackSecrets(second),
      ]).toEqual([true, false]);
      expect(await webhooks().findCallbackSecrets(tenantId)).toEqual(second);
    });
  });

  describe('scan notices', () => {
    it('are kept by revision and found when they are due, the longest due first', async () => {
      const notices = () => database().scanNotices;
      const early = -1_000_000;
      const noticeOf = (dueAt: number | null): ScanNotice => ({
        codeId: unique('cod'),
        tenantId: 't',
        count: 3,
        scans: [{ object: 'scan', id: 'scn_1', country: null }],
        segments: ['seg_1'],
        group: { id: 'grp_1', at: noon, count: 1, scans: [{ id: 'scn_0' }] },
        dueAt,
        toldAt: null,
        revision: 1,
      });
      const [late, soon, never] = [noticeOf(early + 2), noticeOf(early + 1), noticeOf(null)];
      for (const notice of [late, soon, never]) expect(await notices().replace(notice)).toBe(true);
      expect(await notices().replace(late)).toBe(false);
      expect(await notices().find(late.codeId)).toEqual(late);
      expect(await notices().due({ at: early + 2, limit: 5 })).toEqual([soon, late]);
      expect(await notices().due({ at: early + 1, limit: 5 })).toEqual([soon]);
      expect(await notices().due({ at: early + 2, limit: 1 })).toEqual([soon]);
      const next = { ...soon, group: null, dueAt: null, revision: 2 };
      expect([await notices().replace(next), await notices().replace(next)]).toEqual([true, false]);
      expect(await notices().due({ at: early + 2, limit: 5 })).toEqual([late]);
      expect(await notices().replace({ ...late, dueAt: null, revision: 2 })).toBe(true);
    });
  });
}
