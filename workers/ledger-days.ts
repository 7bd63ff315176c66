import type { DayOwner, ScanRow, ScanStore, StoredDay } from '../shared/adapters/database/scan-store.ts';
import { countDay } from '../shared/domain/scans/count-day.ts';
import { dayMs, dayOf } from '../shared/domain/scans/roll-up.ts';
import type { ScanDay } from '../shared/domain/scans/scan-day.ts';

const scansPage = 2000;
const daysPage = 50;

type LedgerDay = { day: number; rollUps: ScanDay };

/** Reads a code's scans from `from` until before `to`, oldest first. */
async function* scansOf(scans: ScanStore, codeId: string, range: { from: number; to: number | null }) {
  const page = { limit: scansPage, order: 'oldest-first', bots: 'include', source: null, ...range } as const;
  let after: { at: number; id: string } | null = null;
  for (;;) {
    const rows: ScanRow[] = await scans.list(codeId, { ...page, after });
    yield* rows;
    after = rows.at(-1) ?? null;
    if (rows.length < scansPage) return;
  }
}

/** Counts a code's days straight from the ledger, ascending, from the day `from` on. Holds one day's scans at a time. */
export async function* ledgerDays(scans: ScanStore, codeId: string, from: number): AsyncGenerator<LedgerDay> {
  let rows: ScanRow[] = [];
  let day = from;
  for await (const scan of scansOf(scans, codeId, { from, to: null })) {
    if (dayOf(scan.at) !== day) {
      if (rows.length > 0) yield { day, rollUps: countDay(rows) };
      rows = [];
      day = dayOf(scan.at);
    }
    rows.push(scan);
  }
  if (rows.length > 0) yield { day, rollUps: countDay(rows) };
}

/** Counts one day of a code straight from the ledger. */
export async function ledgerDay(scans: ScanStore, codeId: string, day: number): Promise<ScanDay> {
  const rows: ScanRow[] = [];
  for await (const scan of scansOf(scans, codeId, { from: day, to: day + dayMs })) rows.push(scan);
  return countDay(rows);
}

/** Reads an owner's stored days, ascending, from the day `from` on. */
export async function* storedDays(scans: ScanStore, owner: DayOwner, from: number): AsyncGenerator<StoredDay> {
  let after = from - 1;
  for (;;) {
    const page = await scans.daysOf(owner, { limit: daysPage, after });
    yield* page;
    if (page.length < daysPage) return;
    after = (page.at(-1) as StoredDay).day;
  }
}

/** Goes through two ascending lists of days side by side; what one of them has not is null. */
export async function* sideBySide<A extends { day: number }, B extends { day: number }>(
  left: AsyncGenerator<A>,
  right: AsyncGenerator<B>,
): AsyncGenerator<{ day: number; left: A | null; right: B | null }> {
  let [a, b] = await Promise.all([left.next(), right.next()]);
  while (!a.done || !b.done) {
    const day = Math.min(
      a.done ? Number.POSITIVE_INFINITY : a.value.day,
      b.done ? Number.POSITIVE_INFINITY : b.value.day,
    );
    const ofLeft = !a.done && a.value.day === day ? a.value : null;
    const ofRight = !b.done && b.value.day === day ? b.value : null;
    yield { day, left: ofLeft, right: ofRight };
    if (ofLeft) a = await left.next();
    if (ofRight) b = await right.next();
  }
}
