import { expect, it } from 'vitest';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import type { Database } from '../../../../shared/adapters/database/database.ts';
import type { ScanRow } from '../../../../shared/adapters/database/scan-store.ts';
import { bucketMs, bucketOf, dayMs, dayOf } from '../../../../shared/domain/scans/roll-up.ts';
import { noon, unique } from '../../../suites/database/rows.ts';
import { countAll, naiveDays, newScan, shown } from '../../../suites/database/scans.ts';
import { silent } from '../../../suites/database.ts';
import { eventually } from '../../../support/client.ts';
import { mongoDatabase } from '../../../support/mongo-database.ts';
import { describeOn, servers } from '../../../support/servers.ts';
import { proxyTo, type ServerProxy } from '../../../support/toxiproxy.ts';

const both = servers.mongo && servers.toxiproxy && { mongo: servers.mongo, toxiproxy: servers.toxiproxy };
const day = dayOf(noon);
const everything = { limit: 200, order: 'oldest-first', from: null, to: null, bots: 'include', source: null } as const;

/** What a connection may send before it is closed: from within the first step of `record` to behind the last. */
const budgets = [400, 4_000, 8_000, 11_000, 13_000, 14_500, 16_000, 17_500, 20_000, 40_000];

type Found = { scans: number; unmarked: number; isNoted: boolean };

describeOn('A segment whose recording is cut off between its steps', both, ({ mongo, toxiproxy }) => {
  /** Somebody's scans in every other quarter of an hour: each may move the first of the day. */
  function segment(): { id: string; rows: ScanRow[] } {
    const [tenantId, codeId, visitor] = [unique('t'), unique('cod'), unique('v')];
    const at = (index: number): number => day + ((index * 7) % 20) * 2 * bucketMs;
    return {
      id: unique('seg'),
      rows: Array.from({ length: 20 }, (_, index) => newScan({ tenantId, codeId, visitor, at: at(index) })),
    };
  }

  async function found({ scans }: Database, { id, rows }: ReturnType<typeof segment>): Promise<Found> {
    const { codeId, tenantId } = rows[0] as ScanRow;
    const inLedger = await scans.list(codeId, { ...everything, after: null });
    const marks = await scans.marksBetween({ tenantId, codeId }, { from: day, to: day + dayMs });
    const marked = new Set(marks.map(({ start }) => start));
    const unmarked = inLedger.filter(({ at }) => !marked.has(bucketOf(at))).length;
    return { scans: inLedger.length, unmarked, isNoted: (await scans.findRecorded([id])).has(id) };
  }

  async function cutAfter(database: Database, proxy: ServerProxy, bytes: number): Promise<Found> {
    const { scans } = database;
    const cut = segment();
    const { codeId, tenantId } = cut.rows[0] as ScanRow;
    await proxy.cutUploadsAfter(bytes);
    const failure = await scans.record(cut.id, cut.rows, noon).then(
      () => null,
      (error: unknown) => error,
    );
    await proxy.restore();
    await eventually('MongoDB is reached again', () => database.ping().then(() => true));
    if (failure !== null) expect(failure).toMatchObject({ kind: 'unavailable', code: 'database_unavailable' });
    const left = await found(database, cut);
    expect(left.unmarked).toBe(0);
    if (left.isNoted) expect(left.scans).toBe(cut.rows.length);
    else expect(failure).not.toBeNull();
    /* Somebody counts what is there before it is recorded again. */
    await countAll(database, tenantId);
    await scans.record(cut.id, cut.rows, noon);
    expect(await found(database, cut)).toEqual({ scans: cut.rows.length, unmarked: 0, isNoted: true });
    await countAll(database, tenantId);
    for (const owner of [
      { tenantId, codeId },
      { tenantId, codeId: null },
    ])
      expect(shown((await scans.findDay(owner, day))?.rollUps)).toEqual(shown(naiveDays(cut.rows).get(day)));
    return left;
  }

  it('leaves no scan without its mark, is noted when all is done, and counts once when it is recorded again', async () => {
    const url = new URL(mongoDatabase(mongo));
    const proxy = await proxyTo(toxiproxy, url.host);
    url.host = proxy.host;
    const database = await connectDatabase({ mongoUrl: url.href, dataDir: '/nowhere' }, silent);
    try {
      const states: Found[] = [];
      for (const bytes of budgets) states.push(await cutAfter(database, proxy, bytes));
      const steps = new Set(
        states.map(({ scans, isNoted }) => (isNoted ? 'noted' : scans > 0 ? 'inserted' : 'before')),
      );
      expect([...steps].sort()).toEqual(['before', 'inserted', 'noted']);
    } finally {
      await database.close();
      await proxy.remove();
    }
  });
});
