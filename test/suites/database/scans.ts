import type { Database } from '../../../shared/adapters/database/database.ts';
import type { ScanRow } from '../../../shared/adapters/database/scan-store.ts';
import { countDay } from '../../../shared/domain/scans/count-day.ts';
import { mergeRollUps } from '../../../shared/domain/scans/merge-roll-ups.ts';
import { dayMs, dayOf, type RollUp } from '../../../shared/domain/scans/roll-up.ts';
import { packDay, type ScanDay } from '../../../shared/domain/scans/scan-day.ts';
import { countBuckets } from '../../../workers/count-buckets.ts';
import { noon, unique } from './rows.ts';

export function newScan(scan: Partial<ScanRow> = {}): ScanRow {
  return {
    id: unique('scn'),
    tenantId: 'default',
    codeId: 'cod_any',
    at: noon,
    version: 1,
    fallbackTarget: null,
    source: 'qr',
    country: 'DE',
    city: 'Berlin',
    visitor: unique('v'),
    device: 'mobile',
    system: 'iOS',
    browser: 'Safari',
    referrer: null,
    language: 'de',
    bot: false,
    ...scan,
  };
}

/** What the ledger's scans come to, counted without stores, marks and buckets: a code's days, by their starts. */
export function naiveDays(scans: Iterable<ScanRow>): Map<number, ScanDay> {
  const byId = new Map([...scans].map((scan) => [scan.id, scan]));
  const sorted = [...byId.values()].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  const days = new Map<number, ScanRow[]>();
  for (const scan of sorted) days.set(dayOf(scan.at), [...(days.get(dayOf(scan.at)) ?? []), scan]);
  return new Map([...days].map(([day, ofDay]) => [day, countDay(ofDay)]));
}

/** Adds the same day of several codes up. */
export function addedDays(days: ScanDay[]): ScanDay {
  const starts = new Set(days.flatMap((day) => [...day.keys()]));
  const ofStart = (start: number): RollUp[] => days.flatMap((day) => day.get(start) ?? []);
  return new Map([...starts].sort((a, b) => a - b).map((start) => [start, mergeRollUps(ofStart(start))]));
}

/** A day as text, to be compared. */
export function shown(day: ScanDay | undefined): object {
  const { counts, breakdowns, ...rest } = packDay(day ?? new Map());
  return { counts, breakdowns, ...rest };
}

/** Counts whatever is marked of these codes until nothing is. */
export async function countAll({ scans, codes }: Database, tenantId: string): Promise<void> {
  const owner = { tenantId, codeId: null };
  for (;;) {
    const marks = await scans.marksBetween(owner, { from: 0, to: noon + 400 * dayMs });
    if (marks.length === 0) return;
    await countBuckets({ scans, codes }, marks);
  }
}
