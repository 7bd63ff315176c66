import { connectDatabase } from '../../../shared/adapters/database/connect-database.ts';
import { countDay } from '../../../shared/domain/scans/count-day.ts';
import { dayMs } from '../../../shared/domain/scans/roll-up.ts';
import type { ScanDay } from '../../../shared/domain/scans/scan-day.ts';
import type { Log } from '../../../shared/log.ts';
import { ledgerFiller } from './fill-ledger.ts';
import { type Planned, planCodes, type SeedSize, seedCode } from './synthetic-codes.ts';
import { syntheticScans } from './synthetic-scans.ts';
import { TenantDays } from './tenant-days.ts';

export const tenantId = 'default';

/** What stands in the database, to be asked for: counts leave bots out. */
export type Planted = {
  from: number;
  to: number;
  codes: { id: string; slug: string; scanCount: number }[];
  scanCount: number;
};

type Place = { mongoUrl: string | null; dataDir: string };
type Named = { named: (what: string) => void };

/** Says how long each step took, and what it cost this process. */
function stopwatch(): Named {
  let [at, cpu] = [performance.now(), process.cpuUsage()];
  return {
    named(what) {
      const { user, system } = process.cpuUsage(cpu);
      const wall = (performance.now() - at) / 1000;
      console.log(`  ${what}: ${wall.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of CPU)`);
      [at, cpu] = [performance.now(), process.cpuUsage()];
    },
  };
}

/**
 * Puts codes with their scans, roll-ups and counts into a database that nobody uses, over the days before `to`: the ledger in
 * bulk, each code's days by the count that recount has too, codes by the service's own way.
 */
export async function plant(place: Place, size: SeedSize, { to, log }: { to: number; log: Log }): Promise<Planted> {
  const from = to - size.days * dayMs;
  const watch = stopwatch();
  const planned = planCodes(size);
  const tenantDays = await plantScans(place, planned, { from, to, log });
  watch.named('ledger, days of codes, indexes');

  const database = await connectDatabase(place, log);
  try {
    for (const [day, rollUps] of tenantDays.days())
      await database.scans.replaceDay({ tenantId, codeId: null }, day, rollUps, 0);
    watch.named('days of the tenant');
    const slugs = new Map<string, string>();
    for (let at = 0; at < planned.length; at += 500) {
      const rows = planned
        .slice(at, at + 500)
        .map((code) => seedCode(code, { tenantId, firstScan: from, codes: size.codes }));
      const outcomes = await database.codes.insert(rows);
      if (outcomes.some((outcome) => outcome !== 'inserted')) throw new Error(`A code was not inserted: ${outcomes}`);
      for (const { id, slug } of rows) slugs.set(id, slug);
    }
    watch.named(`${planned.length} codes, inserted in 500s`);
    const codes = planned.map(({ id, scanCount }) => ({ id, slug: slugs.get(id) as string, scanCount }));
    return { from, to, codes, scanCount: codes.reduce((sum, { scanCount }) => sum + scanCount, 0) };
  } finally {
    await database.close();
  }
}

async function plantScans(
  place: Place,
  planned: Planned[],
  { from, to, log }: { from: number; to: number; log: Log },
): Promise<TenantDays> {
  const tenantDays = new TenantDays();
  const filler = await ledgerFiller(place, log);
  let told = 0;
  let planted = 0;
  for (const code of planned.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const owner = { tenantId, codeId: code.id };
    for (const { day, scans } of syntheticScans(owner, { count: code.scans, from, to })) {
      const rollUps: ScanDay = countDay(scans);
      await filler.add({ ...owner, day, scans, rollUps });
      tenantDays.add(rollUps);
      const humans = scans.filter(({ bot }) => !bot);
      code.scanCount += humans.length;
      code.lastScannedAt = humans.at(-1)?.at ?? code.lastScannedAt;
    }
    planted += code.scans;
    if (planted - told < 1_000_000) continue;
    told = planted;
    console.log(`  ${planted} scans in the ledger`);
  }
  await filler.finish();
  return tenantDays;
}
