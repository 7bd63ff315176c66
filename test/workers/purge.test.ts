import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogoRow } from '../../shared/adapters/database/database.ts';
import { batchPrefix } from '../../shared/domain/batches/batch-ids.ts';
import { imageKey, logoKey } from '../../shared/domain/object-key.ts';
import type { Handlers } from '../../workers/handlers.ts';
import { createHandlers } from '../../workers/handlers.ts';
import { purgeEverything } from '../../workers/purge/purge.ts';
import { dayMs, type PurgeDeps } from '../../workers/purge/purge-deps.ts';
import { purgeOrphans } from '../../workers/purge/purge-orphans.ts';
import { newCode } from '../suites/database/code-rows.ts';
import { auditQuery, newAuditRow } from '../suites/database/record-contract.ts';
import { logoPicture } from '../support/logo-pictures.ts';
import { describeOnStores } from '../support/store-columns.ts';
import { acceptBatch, batchOf, rowsOf, runJob, urls, work } from './batches/support.ts';
import { acceptLogo, acceptRows, openDeps, renderOf, runningJob, specOf, type TestDeps } from './support/work-deps.ts';

const png = { contentType: 'image/png', durable: false };

describeOnStores('The purge', (stores) => {
  let deps: TestDeps;
  let handlers: Handlers;
  const purged: Record<string, number> = {};

  beforeEach(async () => {
    deps = await openDeps(stores());
    handlers = createHandlers(deps);
  });
  afterEach(() => deps.close());

  const purgeDeps = (): PurgeDeps => ({
    ...deps,
    onPurged: (what, count) => {
      purged[what] = (purged[what] ?? 0) + count;
    },
  });
  const purge = async (): Promise<Record<string, number>> => {
    for (const what of Object.keys(purged)) delete purged[what];
    await purgeEverything(purgeDeps());
    return { ...purged };
  };
  const runPurgeJob = () => handlers.purge({}, runningJob('purge', {}));
  const advance = (days: number): void => {
    deps.clock.now += days * dayMs;
  };
  const keys = async (prefix = ''): Promise<string[]> => {
    const found: string[] = [];
    for await (const key of deps.objects.list(prefix)) found.push(key);
    return found.sort();
  };
  const drawn = async (tenantId = 't', text = 'x') => {
    const spec = specOf(text);
    const id = `rnd_${Math.random().toString(36).slice(2)}`;
    await deps.database.renders.accept([{ id, tenantId, spec, rendererVersion: 1, jobId: 'job-1' }], deps.now());
    await handlers['render-codes']({ renderIds: [id] }, runningJob('render-codes', {}));
    return { id, key: imageKey(id, 'png') };
  };

  describe('of renders', () => {
    it('removes images that nobody used for IMAGE_KEEP_DAYS, and rows 400 days after the last use', async () => {
      const [old, used] = [await drawn(), await drawn()];
      advance(20);
      await deps.database.renders.touch([used.id], deps.now());
      advance(11);
      expect(await purge()).toEqual({ images: 1 });
      expect(await keys('renders/')).toEqual([used.key]);
      expect(await renderOf(deps, old.id)).toMatchObject({ status: 'completed' });
      expect(await purge()).toEqual({});
      advance(370);
      expect(await purge()).toEqual({ images: 1, renders: 1 });
      expect(await deps.database.renders.find(old.id)).toBeNull();
      expect(await renderOf(deps, used.id)).toMatchObject({ status: 'completed' });
    });

    it('removes those of keyless callers after a day, and their rows after thirty', async () => {
      const [keyless, other] = [await drawn('anonymous'), await drawn()];
      advance(1.01);
      expect(await purge()).toEqual({ images: 1 });
      expect(await keys('renders/')).toEqual([other.key]);
      advance(29);
      expect(await purge()).toMatchObject({ renders: 1 });
      expect(await deps.database.renders.find(keyless.id)).toBeNull();
    });

    it('leaves what is still to be drawn, however old it is', async () => {
      const [row] = await acceptRows(deps, [specOf('waiting')]);
      advance(500);
      expect(await purge()).toEqual({});
      expect(await renderOf(deps, row?.id ?? '')).toMatchObject({ status: 'queued' });
    });

    it('goes on where it was cut off', async () => {
      const all = [await drawn(), await drawn(), await drawn()];
      advance(31);
      const { imagesRemoved } = deps.database.renders;
      deps.database.renders.imagesRemoved = () => Promise.reject(new Error('killed'));
      expect(await runPurgeJob()).toMatchObject({ verdict: 'failed' });
      deps.database.renders.imagesRemoved = imagesRemoved;
      expect(await keys('renders/')).toEqual([]);
      expect(await purge()).toEqual({ images: 3 });
      for (const { id } of all) expect(await renderOf(deps, id)).toMatchObject({ status: 'completed' });
    });

    it('draws a purged image again, and keeps it then', async () => {
      const { id, key } = await drawn();
      const before = await deps.objects.get(key);
      advance(31);
      await purge();
      await deps.database.renders.touch([id], deps.now());
      expect(await deps.database.renders.reopen(id, 'job-1', deps.now())).toBe(true);
      await handlers['render-codes']({ renderIds: [id] }, runningJob('render-codes', {}));
      expect(await deps.objects.get(key)).toEqual(before);
      expect(await purge()).toEqual({});
    });
  });

  describe('of batches', () => {
    it('removes all of an expired one but its record, which says what it came to, and at last that too', async () => {
      const batch = await acceptBatch(deps, `${urls(250)}https://\n`);
      await work(deps);
      const ended = await batchOf(deps, batch);
      expect((await keys(batchPrefix(batch.id))).length).toBeGreaterThan(2);
      deps.clock.now = (ended.expiresAt as number) + 3_500_000;
      expect(await purge()).toEqual({});
      deps.clock.now += 200_000;
      expect(await purge()).toMatchObject({ batches: 1 });
      expect(await keys(batchPrefix(batch.id))).toEqual([]);
      expect(await rowsOf(deps, batch)).toEqual([]);
      const finalCounts = { queued: 0, running: 0, completed: 250, failed: 1, cancelled: 0 };
      expect(await batchOf(deps, batch)).toMatchObject({ status: 'completed', finalCounts, purgedAt: deps.now() });
      expect(await purge()).toEqual({});
      advance(401);
      expect(await purge()).toEqual({ 'batch records': 1 });
      expect(await deps.database.batches.find(batch.id)).toBeNull();
    });

    it('goes on where it was cut off, again and again', async () => {
      const batch = await acceptBatch(deps, urls(450));
      await work(deps);
      deps.clock.now = ((await batchOf(deps, batch)).expiresAt as number) + dayMs;
      const { remove } = deps.objects;
      const { removeRows } = deps.database.batches;
      let calls = 0;
      const cut =
        <Args extends unknown[], Result>(act: (...args: Args) => Promise<Result>) =>
        async (...args: Args): Promise<Result> => {
          if (++calls % 2 === 0) throw new Error('killed');
          return act(...args);
        };
      deps.objects.remove = cut(remove);
      deps.database.batches.removeRows = cut(removeRows);
      let runs = 1;
      while ((await runPurgeJob()).verdict === 'failed') runs++;
      expect(runs).toBeGreaterThan(2);
      expect(await keys(batchPrefix(batch.id))).toEqual([]);
      const counts = { completed: 450, failed: 0 };
      expect(await batchOf(deps, batch)).toMatchObject({ finalCounts: counts, purgedAt: deps.now() });
    });

    it('leaves one that runs again, even when its retry comes between the look and the removal', async () => {
      const batch = await acceptBatch(deps, urls(3));
      await work(deps);
      const ended = await batchOf(deps, batch);
      deps.clock.now = (ended.expiresAt as number) + dayMs;
      const { countRows } = deps.database.batches;
      deps.database.batches.countRows = async (id) => {
        const now = await batchOf(deps, batch);
        await deps.database.batches.replace({
          ...now,
          status: 'running',
          expiresAt: null,
          completedAt: null,
          revision: now.revision + 1,
        });
        return countRows(id);
      };
      expect(await purge()).toEqual({});
      expect(await rowsOf(deps, batch)).toHaveLength(3);
      expect((await keys(batchPrefix(batch.id))).length).toBeGreaterThan(1);
    });
  });

  describe('of logos', () => {
    const deleteLogo = async (logo: LogoRow): Promise<void> => {
      await deps.database.logos.remove(logo.tenantId, logo.id, deps.now());
    };

    it('removes deleted ones that no render and no code has, with their bytes', async () => {
      const picture = await logoPicture('black', { widthPx: 40, heightPx: 40 });
      const logos = [0, 1, 2, 3].map(() => acceptLogo(deps, picture));
      const [ofRender, ofCode, unused, kept] = (await Promise.all(logos)) as [LogoRow, LogoRow, LogoRow, LogoRow];
      await acceptRows(deps, [specOf('with a logo', { logo: { id: ofRender.id, ratio: 0.2 } })]);
      await deps.database.codes.insert([newCode({ imageOptions: { logo: { id: ofCode.id, ratio: 0.2 } } })]);
      for (const logo of [ofRender, ofCode, unused]) await deleteLogo(logo);
      advance(0.9);
      expect(await purge()).toEqual({});
      advance(0.2);
      expect(await purge()).toEqual({ logos: 1, 'orphaned objects': 1 });
      expect(await keys('logos/')).toEqual([ofRender, ofCode, kept].map(({ id }) => logoKey(id)).sort());
      expect(await deps.database.logos.find(unused.id)).toBeNull();
    });
  });

  describe('of orphans', () => {
    it('removes objects that no row owns once they are a day old, and nothing else', async () => {
      const { key } = await drawn();
      const logo = await acceptLogo(deps, await logoPicture('black', { widthPx: 40, heightPx: 40 }));
      const batch = await acceptBatch(deps, urls(3));
      const owned = [key, logoKey(logo.id), ...(await keys(batchPrefix(batch.id)))].sort();
      const foreign = ['backup/notes.txt', 'renders/readme.txt', 'top'];
      const orphans = [
        'renders/rnd_gone.svg',
        'logos/logo_gone',
        `${batchPrefix('bat_gone')}source.csv`,
        `${batchPrefix('bat_gone')}images/1-a`,
      ];
      for (const each of [...foreign, ...orphans]) await deps.objects.put(each, Buffer.from('x'), png);
      deps.clock.now = Date.now() + 0.9 * dayMs;
      expect(await purge()).toEqual({});
      deps.clock.now = Date.now() + 1.1 * dayMs;
      expect(await purge()).toEqual({ 'orphaned objects': orphans.length });
      expect(await keys()).toEqual([...owned, ...foreign].sort());
    });

    it('goes on behind the last page in another job when its time is over', async () => {
      for (let at = 0; at < 505; at++) await deps.objects.put(`renders/rnd_${at}.png`, Buffer.from('x'), png);
      deps.clock.now = Date.now() + 2 * dayMs;
      let pages = 1;
      for (let after = await purgeOrphans(purgeDeps(), null, () => false); after !== null; pages++)
        after = await purgeOrphans(purgeDeps(), after, () => false);
      expect(pages).toBe(2);
      expect(await keys()).toEqual([]);
    });
  });

  it('removes idempotency records that have expired', async () => {
    const record = { tenantId: 't', fingerprint: 'f', resourceId: 'r', holder: 'h', leaseUntil: 0 };
    for (const [scope, expiresAt] of [
      ['over', deps.now() - 1],
      ['kept', deps.now() + 1],
    ] as const)
      await deps.database.idempotency.claim({ ...record, scope, expiresAt }, 0);
    expect(await purge()).toEqual({ 'idempotency records': 1 });
  });

  it('removes records of changes and days of use that are older than they are to be kept, 0: none', async () => {
    const { audit, usage } = deps.database;
    const at = (days: number): number => deps.now() - days * dayMs;
    const day = (days: number): string => new Date(at(days)).toISOString().slice(0, 10);
    const counts = { calls: 1, renders: 0, batchRows: 0, codes: 0 };
    await audit.insert([399, 401, 2000].map((days) => newAuditRow({ createdAt: at(days) })));
    await usage.add([0, 800, 801, 2000].map((days) => ({ tenantId: 't', day: day(days), ...counts })));
    deps.auditKeepDays = deps.usageKeepDays = 0;
    expect(await purge()).toEqual({});
    Object.assign(deps, { auditKeepDays: 400, usageKeepDays: 800 });
    expect(await purge()).toEqual({ 'records of changes': 2, 'days of use': 2 });
    expect(await audit.list(auditQuery)).toMatchObject([{ createdAt: at(399) }]);
    expect((await usage.list('t', { from: '2000', to: '3000' })).map((used) => used.day)).toEqual([day(800), day(0)]);
  });

  it('adds a job for the rest when its time is over', async () => {
    const { now } = performance;
    let clock = 0;
    performance.now = () => (clock += 6000);
    try {
      for (let at = 0; at < 501; at++) {
        const id = `rnd_${at}`;
        await deps.database.renders.accept(
          [{ id, tenantId: 't', spec: specOf('x'), rendererVersion: 1, jobId: 'j' }],
          deps.now(),
        );
      }
      const failed = { code: 'x', detail: 'x', pointer: null };
      const ended = Array.from({ length: 501 }, (_, at) => ({ id: `rnd_${at}`, at: deps.now(), result: null }));
      await deps.database.renders.finish(ended.map((end) => ({ ...end, error: failed })));
      advance(31);
      await runPurgeJob();
      const [next] = deps.queues.added.splice(0);
      expect(next).toMatchObject({ name: 'purge' });
      expect(await deps.database.renders.unusedImages({ isAnonymous: false, before: deps.now() }, 600)).toHaveLength(1);
      if (next) await runJob(handlers, next);
      expect(deps.queues.added).toEqual([]);
    } finally {
      performance.now = now;
    }
  });
});
