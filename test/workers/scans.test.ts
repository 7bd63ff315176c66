import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScanEvent } from '../../shared/contract/scan-event.ts';
import { maxScansPerJob } from '../../shared/contract/scan-event.ts';
import { dayMs, dayOf } from '../../shared/domain/scans/roll-up.ts';
import { encodeLine } from '../../shared/journal-lines.ts';
import { createPurgeScans } from '../../workers/purge-scans.ts';
import { createRecordScans } from '../../workers/record-scans.ts';
import { createRollUpScans, rollUpJob } from '../../workers/roll-up-scans.ts';
import { unique } from '../suites/database/rows.ts';
import { openDeps, runningJob, type TestDeps } from './support/work-deps.ts';

let deps: TestDeps;
beforeEach(async () => {
  deps = await openDeps();
});
afterEach(() => deps.close());

function eventOf(event: Partial<ScanEvent> = {}): ScanEvent {
  return {
    id: `scn_${unique('x')}`.slice(0, 40),
    tenantId: 't',
    codeId: 'cod_1',
    at: deps.clock.now,
    version: 1,
    fallbackTarget: null,
    source: 'qr',
    country: 'DE',
    city: null,
    visitor: unique('v'),
    userAgent: 'curl/8.5.0',
    referrer: null,
    language: null,
    prefetch: false,
    ...event,
  };
}

const everything = {
  limit: 200,
  order: 'oldest-first',
  from: null,
  to: null,
  bots: 'include',
  source: null,
  after: null,
} as const;
const listed = () => deps.database.scans.list('cod_1', everything);
const record = (events: unknown[], segmentId = unique('seg')) => {
  const payload = { segmentId, lines: events.map(encodeLine).join('') };
  return createRecordScans(deps)(payload, runningJob('record-scans', payload));
};
const rollUp = () => createRollUpScans(deps)({}, runningJob('roll-up-scans', {}));
const day = () => dayOf(deps.clock.now);
const counted = async (from = day()) => {
  const buckets = await deps.database.scans.readCounts(
    { tenantId: 't', codeIds: null },
    { from, to: from + dayMs },
    null,
  );
  return buckets.flatMap(({ counts }) => counts).reduce((sum, { scanCount }) => sum + scanCount, 0);
};

describe('record-scans', () => {
  it('enriches and records a segment, tells its journal, and has it counted within the second', async () => {
    const [bot, person] = [
      eventOf(),
      eventOf({ userAgent: 'Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0' }),
    ];
    expect(await record([bot, person, bot], 'seg_1')).toEqual({ verdict: 'done' });
    expect((await listed()).map(({ bot: isBot, browser }) => [isBot, browser]).sort()).toEqual([
      [false, 'Firefox'],
      [true, null],
    ]);
    expect(deps.queues.announced).toEqual(['seg_1']);
    expect(await deps.database.scans.findRecorded(['seg_1'])).toEqual(new Set(['seg_1']));
    expect(deps.queues.added).toEqual([rollUpJob(deps.clock.now)]);
    expect(rollUpJob(1999)).toEqual(rollUpJob(1000 + 999));
    expect(rollUpJob(1250)).toMatchObject({ jobId: 'roll-up-2', delayMs: 750 });
  });

  it('leaves out what is not as agreed, and records the rest', async () => {
    const good = eventOf();
    const poison = [null, 7, {}, { ...eventOf(), at: -1 }, { ...eventOf(), userAgent: 'x'.repeat(600) }];
    expect(await record([...poison, good], 'seg_2')).toEqual({ verdict: 'done' });
    expect((await listed()).map(({ id }) => id)).toEqual([good.id]);
    expect(deps.queues.announced).toEqual(['seg_2']);
    const leftOut = deps.tally.counter('qrfactory_scans_left_out_total', { reason: 'malformed' });
    expect(leftOut.value).toBe(poison.length);
  });

  it('records a scan with a field of a newer API, without that field', async () => {
    const scan = eventOf();
    await record([{ ...scan, screen: 'small' }]);
    const [row] = await listed();
    expect(row?.id).toBe(scan.id);
    expect(row).not.toHaveProperty('screen');
  });

  it('takes as many scans as a job may carry', async () => {
    await record(Array.from({ length: maxScansPerJob }, () => eventOf()));
    await rollUp();
    expect(await counted()).toBe(maxScansPerJob);
  });

  it('records although the queue is away: the journal asks, and the timer counts', async () => {
    deps.queues.isAway = true;
    expect(await record([eventOf()], 'seg_3')).toEqual({ verdict: 'done' });
    expect(await deps.database.scans.findRecorded(['seg_3'])).toEqual(new Set(['seg_3']));
  });
});

describe('roll-up-scans', () => {
  it('rests after a long run, nine times as long, and comes back then', async () => {
    await record([eventOf()], 'seg_1');
    const { scans } = deps.database;
    const slow: typeof scans = Object.assign(Object.create(scans), {
      dirtyBuckets: async (limit: number) => {
        deps.clock.now += 90;
        return scans.dirtyBuckets(limit);
      },
    });
    const slowly = createRollUpScans({ ...deps, database: { ...deps.database, scans: slow } });
    const run = () => slowly({}, {} as never);
    expect(await run()).toEqual({ verdict: 'done' });
    await record([eventOf()], 'seg_2');
    deps.queues.added.length = 0;
    const { now } = deps.clock;
    expect(await run()).toEqual({ verdict: 'done' });
    expect(deps.queues.added).toEqual([rollUpJob(now, now + 810)]);
    deps.clock.now += 809;
    await run();
    expect(await counted()).toBe(1);
    deps.clock.now += 1;
    await run();
    expect(await counted()).toBe(2);
  });

  it('makes pauses while it counts for long, and rests the less behind it', async () => {
    await record([eventOf(), eventOf({ codeId: 'cod_2' })]);
    const { scans } = deps.database;
    const slow: typeof scans = Object.assign(Object.create(scans), {
      listBetween: async (...args: Parameters<typeof scans.listBetween>) => {
        deps.clock.now += 200;
        return scans.listBetween(...args);
      },
    });
    const pauses: number[] = [];
    const pause = async (ms: number): Promise<void> => {
      pauses.push(ms);
      deps.clock.now += ms;
    };
    const slowly = createRollUpScans({ ...deps, pause, database: { ...deps.database, scans: slow } });
    await slowly({}, {} as never);
    expect(pauses).toEqual([1600, 1600]);
    deps.queues.added.length = 0;
    deps.clock.now += 2 * 200 * 9 - 2 * 1600 - 1;
    await slowly({}, {} as never);
    expect(deps.queues.added).toHaveLength(1);
    deps.clock.now += 1;
    await slowly({}, {} as never);
    expect(deps.queues.added).toHaveLength(1);
  });

  it('leaves a long count to another process when its own is to end', async () => {
    await record([eventOf(), eventOf({ codeId: 'cod_2' })]);
    const { scans } = deps.database;
    const process = new AbortController();
    const slow: typeof scans = Object.assign(Object.create(scans), {
      listBetween: async (...args: Parameters<typeof scans.listBetween>) => {
        deps.clock.now += 200;
        process.abort();
        return scans.listBetween(...args);
      },
    });
    const pause = async (_: number, signal?: AbortSignal): Promise<void> => signal?.throwIfAborted();
    const ended = { ...deps, pause, ending: process.signal, database: { ...deps.database, scans: slow } };
    deps.queues.added.length = 0;
    expect(await createRollUpScans(ended)({}, {} as never)).toEqual({ verdict: 'done' });
    expect(deps.queues.added).toEqual([rollUpJob(deps.clock.now)]);
    expect(await counted()).toBe(0);
    await rollUp();
    expect(await counted()).toBe(2);
  });

  it('adds up a tenant once for hundreds of its codes', async () => {
    const codes = 450;
    await record(Array.from({ length: codes }, (_, index) => eventOf({ codeId: `cod_${index}` })));
    const { codesBetween } = deps.database.scans;
    let added = 0;
    deps.database.scans.codesBetween = (...scope) => {
      added++;
      return codesBetween(...scope);
    };
    await rollUp();
    expect(added).toBe(1);
    expect(await counted()).toBe(codes);
  });

  it('counts what is marked, for the code and for its tenant, and nothing twice', async () => {
    await record([eventOf(), eventOf({ codeId: 'cod_2' })], 'seg_1');
    await rollUp();
    await record([eventOf()], 'seg_4');
    await record([eventOf()], 'seg_5');
    await rollUp();
    await rollUp();
    expect(await counted()).toBe(4);
    expect(await deps.database.scans.dirtyBuckets(10)).toEqual([]);
    const [total] = await deps.database.scans.totalsOf(['cod_1']);
    expect(total).toEqual({ id: 'cod_1', scanCount: 0, lastScannedAt: null });
  });
});

describe('purge-scans', () => {
  const purge = (scanRetentionDays: number) =>
    createPurgeScans({ ...deps, scanRetentionDays })({}, runningJob('purge-scans', {}));

  it('keeps everything when no retention is set', async () => {
    await record([eventOf({ at: 1 })]);
    await purge(0);
    expect(await listed()).toHaveLength(1);
    expect(await deps.database.scans.ledgerBegins()).toBe(0);
  });

  it('counts what is marked before it deletes, and nothing changes afterwards what the days came to', async () => {
    const old = day() - 3 * dayMs;
    await record([eventOf({ at: old }), eventOf({ at: old + 1 }), eventOf()]);
    await purge(2);
    expect(await listed()).toHaveLength(1);
    expect(await counted(old)).toBe(2);
    await deps.database.scans.mark([{ tenantId: 't', codeId: 'cod_1', start: old }], deps.clock.now);
    await record([eventOf({ at: old + 2 })], 'late');
    await rollUp();
    expect(await counted(old)).toBe(2);
    expect(await counted()).toBe(1);
    expect(await listed()).toHaveLength(1);
    expect(await deps.database.scans.findRecorded(['late'])).toEqual(new Set(['late']));
    await purge(0);
    expect(await deps.database.scans.ledgerBegins()).toBe(day() - 2 * dayMs);
  });

  it('forgets segments after a month', async () => {
    await record([eventOf()], 'seg_6');
    deps.clock.now += 31 * dayMs;
    await record([eventOf()], 'seg_7');
    await purge(0);
    expect(await deps.database.scans.findRecorded(['seg_6', 'seg_7'])).toEqual(new Set(['seg_7']));
  });
});
