import { connectDatabase } from '../../../shared/adapters/database/connect-database.ts';
import { countDay } from '../../../shared/domain/scans/count-day.ts';
import { dayMs, dayOf } from '../../../shared/domain/scans/roll-up.ts';
import type { ScanDay } from '../../../shared/domain/scans/scan-day.ts';
import type { Log } from '../../../shared/log.ts';
import { countTenantDay } from '../../../workers/count-buckets.ts';
import { ledgerFiller } from './fill-ledger.ts';
import { type Planned, planCodes, type SeedSize, seedCode } from './synthetic-codes.ts';
import { syntheticScans } from './synthetic-scans.ts';

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
 * bulk, each code's days by the count that recount has too, tenants' days and codes by the service's own ways.
 */
export async function plant(place: Place, size: SeedSize, { to, log }: { to: number; log: Log }): Promise<Planted> {
  const from = to - size.days * dayMs;
  const watch = stopwatch();
  (await connectDatabase(place, log)).close();
  const planned = planCodes(size);
  await plantScans(place, planned, { from, to, log });
  watch.named('ledger, days of codes, indexes');

  const database = await connectDatabase(place, log);
  try {
    for (let day = dayOf(from); day < to; day += dayMs) await countTenantDay(database.scans, tenantId, day);
    watch.named(`${size.days} days of the tenant, counted by the worker's own code`);
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
): Promise<void> {
  const filler = await ledgerFiller(place, log);
  let told = 0;
  let planted = 0;
  for (const code of planned.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const owner = { tenantId, codeId: code.id };
    for (const { day, scans } of syntheticScans(owner, { count: code.scans, from, to })) {
      const rollUps: ScanDay = countDay(scans);
      await filler.add({ ...owner, day, scans, rollUps });
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
}
