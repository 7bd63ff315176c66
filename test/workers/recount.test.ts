import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dayMs, dayOf } from '../../shared/domain/scans/roll-up.ts';
import type { ScanDay } from '../../shared/domain/scans/scan-day.ts';
import { recount } from '../../workers/recount.ts';
import { noon, unique } from '../suites/database/rows.ts';
import { countAll, naiveDays, newScan, shown } from '../suites/database/scans.ts';
import { openDeps, type TestDeps } from './support/work-deps.ts';

let deps: TestDeps;
let said: string[];
beforeEach(async () => {
  deps = await openDeps();
  said = [];
});
afterEach(() => deps.close());

const day = dayOf(noon);
const owner = { tenantId: 't', codeId: 'cod_1' };
const tenant = { tenantId: 't', codeId: null };
const run = (which: string | null = null) =>
  recount({ database: deps.database, say: (line) => said.push(line), now: () => noon + 2 * dayMs }, which);

async function record(days = 2) {
  const rows = Array.from({ length: days }, (_, index) => [
    newScan({ ...owner, at: noon + index * dayMs }),
    newScan({ ...owner, codeId: 'cod_2', at: noon + index * dayMs }),
  ]).flat();
  await deps.database.scans.record(unique('seg'), rows, noon);
  return rows;
}

async function spoil(whose: typeof owner | typeof tenant, rollUps: ScanDay): Promise<void> {
  const stored = await deps.database.scans.findDay(whose, day);
  expect(await deps.database.scans.replaceDay(whose, day, rollUps, stored?.revision ?? 0)).toBe(true);
}

const storedDay = async (whose: typeof owner | typeof tenant) =>
  shown((await deps.database.scans.findDay(whose, day))?.rollUps);

describe('recount', () => {
  it('finds nothing wrong when everything is counted, or waits to be', async () => {
    await record();
    expect(await run()).toMatchObject({ wrong: 0, left: 0 });
    await countAll(deps.database, 't');
    expect(await run()).toEqual({
      codes: 2,
      codeDays: 4,
      tenantDays: 2,
      scans: 4,
      wrong: 0,
      left: 0,
      settledBefore: 0,
    });
    expect(said).toEqual([]);
  });

  it.each([
    ['a day that lost its scans', new Map()],
    ['a day with scans that never were', naiveDays([newScan(), newScan({ at: noon + 1 })]).get(day) as ScanDay],
    ['a day of the right number, told apart wrongly', naiveDays([newScan({ country: 'FR' })]).get(day) as ScanDay],
  ])('mends %s, of a code and of its tenant, and says so', async (_, wrong) => {
    const rows = await record();
    await countAll(deps.database, 't');
    const before = await Promise.all([owner, tenant].map(storedDay));
    await spoil(owner, wrong);
    await spoil(tenant, wrong);
    const told = await run();
    expect(told.wrong).toBeGreaterThanOrEqual(1);
    expect(told.left).toBe(0);
    expect(said[0]).toMatch(/^cod_1 2026-11-23T12:00Z: /);
    expect(await Promise.all([owner, tenant].map(storedDay))).toEqual(before);
    expect(await storedDay(owner)).toEqual(shown(naiveDays(rows.filter(({ codeId }) => codeId === 'cod_1')).get(day)));
    expect(await run()).toMatchObject({ wrong: 0, left: 0 });
  });

  it('mends a tenant whose codes are right', async () => {
    await record();
    await countAll(deps.database, 't');
    const before = await storedDay(tenant);
    await spoil(tenant, new Map());
    expect(await run()).toMatchObject({ wrong: 1, left: 0 });
    expect(said[0]).toMatch(/^tenant t 2026-11-23T12:00Z: counted 0 scans, the ledger has 2/);
    expect(await storedDay(tenant)).toEqual(before);
  });

  it('refuses a code that nobody knows', async () => {
    await expect(run('nowhere')).rejects.toMatchObject({ kind: 'not-found', code: 'code_not_found' });
  });

  it('leaves days alone whose scans may be deleted', async () => {
    await record();
    await countAll(deps.database, 't');
    await deps.database.scans.closeLedgerBefore(day + dayMs);
    await deps.database.scans.purgeLedger(100);
    const before = await storedDay(owner);
    expect(await run()).toMatchObject({ codes: 2, codeDays: 2, wrong: 0, settledBefore: day + dayMs });
    expect(await storedDay(owner)).toEqual(before);
  });
});
