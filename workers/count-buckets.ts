import type { Database } from '../shared/adapters/database/database.ts';
import type { DayOwner, DirtyBucket, ScanRow, ScanStore, StoredDay } from '../shared/adapters/database/scan-store.ts';
import { mergeRollUps } from '../shared/domain/scans/merge-roll-ups.ts';
import {
  bucketMs,
  dayMs,
  dayOf,
  type EarlierVisitors,
  type PartSet,
  type RollUp,
  rollUp,
} from '../shared/domain/scans/roll-up.ts';
import { equalDays, type ScanDay } from '../shared/domain/scans/scan-day.ts';
import { spanMs, spanOf } from '../shared/domain/scans/span.ts';
import { inParallel } from './in-parallel.ts';

/** `breathe` is awaited between small pieces. */
type Reading = { scans: ScanStore; breathe?: () => Promise<void> };

export type CountDeps = Reading & { codes: Pick<Database['codes'], 'setScanFacts'> };

/** Days of codes that are counted side by side. */
const width = 8;
/** As many as are read in some milliseconds: all lanes come to a pause soon. */
const scansPage = 500;
const visitorsPage = 500;
const codesPage = 200;

type DirtyDay = { owner: DayOwner; day: number; starts: number[] };

/**
 * Counts marked buckets anew, always from the ledger: first each code's, then from these its tenant's, then what the codes
 * themselves say; at last it takes the marks away that are still the same. Cut anywhere, it is done again. Any number of
 * processes may do so at once: whoever read before another one wrote reads again.
 */
export async function countBuckets(deps: CountDeps, marks: DirtyBucket[]): Promise<void> {
  const ofCodes = dirtyDays(marks, ({ tenantId, codeId }) => ({ tenantId, codeId }));
  await inParallel(ofCodes, width, (dirty) => countDay(deps, dirty, countCode));
  const ofTenants = dirtyDays(marks, ({ tenantId }) => ({ tenantId, codeId: null }));
  for (const dirty of ofTenants) await countDay(deps, dirty, countTenant);
  await tellCodes(deps, [...new Set(marks.map(({ codeId }) => codeId))]);
  await deps.scans.clearMarks(marks);
}

function dirtyDays(marks: DirtyBucket[], ownerOf: (mark: DirtyBucket) => DayOwner): DirtyDay[] {
  const days = new Map<string, DirtyDay & { unique: Set<number> }>();
  for (const mark of marks) {
    const owner = ownerOf(mark);
    const day = dayOf(mark.start);
    const key = `${owner.codeId ?? owner.tenantId} ${day}`;
    const dirty = days.get(key) ?? { owner, day, starts: [], unique: new Set<number>() };
    dirty.unique.add(mark.start);
    days.set(key, dirty);
  }
  return [...days.values()].map(({ owner, day, unique }) => ({ owner, day, starts: [...unique] }));
}

/** Tells what these buckets of an owner's day come to; those that are missing have no scans. */
type Count = (reading: Reading, dirty: DirtyDay) => Promise<Map<number, RollUp>>;

/** Stores what buckets of a day come to, unless the ledger has let go of that day by now: then what is stored is settled. */
async function countDay(reading: Reading, dirty: DirtyDay, count: Count): Promise<void> {
  const { scans } = reading;
  const { owner, day, starts } = dirty;
  for (;;) {
    /* The revision first: whoever stores in between has seen what we may not have seen. */
    const stored = await scans.findDay(owner, day);
    const counted = await count(reading, dirty);
    if ((await scans.ledgerBegins()) > day) return;
    const next = withBuckets(stored, starts, counted);
    if (equalDays(stored?.rollUps ?? new Map(), next)) return;
    if (!(await scans.replaceDay(owner, day, next, stored?.revision ?? 0))) continue;
    if (stored === null) await keepSpanBefore(scans, owner, day);
    return;
  }
}

/** Reads the span that was over when a day began, which keeps it: whoever looks at a year then finds all but the last kept. */
async function keepSpanBefore(scans: ScanStore, { tenantId, codeId }: DayOwner, day: number): Promise<void> {
  const to = spanOf(day);
  await scans.readBreakdowns({ tenantId, codeIds: codeId === null ? null : [codeId] }, { from: to - spanMs, to });
}

function withBuckets(stored: StoredDay | null, starts: number[], counted: Map<number, RollUp>): ScanDay {
  const next = new Map(stored?.rollUps);
  for (const start of starts) {
    const rollUp = counted.get(start);
    if (rollUp === undefined) next.delete(start);
    else next.set(start, rollUp);
  }
  return next;
}

/** Counts buckets of a code from the ledger. */
const countCode: Count = async (reading, { owner, day, starts }) => {
  const codeId = owner.codeId as string;
  const counted = new Map<number, RollUp>();
  for (const start of starts) {
    const rows = await scansBetween(reading, owner, { from: start, to: start + bucketMs });
    if (rows.length === 0) continue;
    const earlier = day === start ? new Map() : await earlierVisitors(reading, rows, { codeId, from: day, to: start });
    counted.set(start, rollUp(rows, earlier));
  }
  return counted;
};

async function scansBetween(
  { scans, breathe }: Reading,
  { tenantId, codeId }: DayOwner,
  range: { from: number; to: number },
): Promise<ScanRow[]> {
  const scope = { tenantId, codeIds: [codeId as string] };
  const rows: ScanRow[] = [];
  for (;;) {
    await breathe?.();
    const page = await scans.listBetween(scope, range, { limit: scansPage, after: rows.at(-1) ?? null });
    for (const row of page) rows.push(row);
    if (page.length < scansPage) return rows;
  }
}

/** Who of these scans' visitors was there before. */
async function earlierVisitors(
  { scans, breathe }: Reading,
  rows: ScanRow[],
  { codeId, ...range }: { codeId: string; from: number; to: number },
): Promise<EarlierVisitors> {
  const visitors = [...new Set(rows.flatMap(({ visitor }) => visitor ?? []))];
  const earlier = new Map<string, PartSet>();
  for (let at = 0; at < visitors.length; at += visitorsPage) {
    await breathe?.();
    const page = visitors.slice(at, at + visitorsPage);
    for (const [visitor, parts] of await scans.visitorsBetween(codeId, page, range)) earlier.set(visitor, parts);
  }
  return earlier;
}

/** Adds up buckets of a tenant from its codes' days. */
export const countTenant: Count = async ({ scans, breathe }, { owner: { tenantId }, day, starts }) => {
  const codeIds = new Set<string>();
  for (const start of starts) {
    const range = { from: start, to: start + bucketMs };
    for (const codeId of await scans.codesBetween(tenantId, range)) codeIds.add(codeId);
  }
  const counted = new Map<number, RollUp>();
  const ids = [...codeIds];
  for (let at = 0; at < ids.length; at += codesPage) {
    await breathe?.();
    const days = await scans.findDays(ids.slice(at, at + codesPage), day);
    for (const start of starts) {
      const earlier = counted.get(start);
      const more = days.flatMap(({ rollUps }) => rollUps.get(start) ?? []);
      if (more.length > 0) counted.set(start, mergeRollUps(earlier === undefined ? more : [earlier, ...more]));
    }
  }
  return counted;
};

/** Counts all buckets of a tenant's day anew from its codes' days. */
export async function countTenantDay(scans: ScanStore, tenantId: string, day: number): Promise<void> {
  const starts = Array.from({ length: dayMs / bucketMs }, (_, slot) => day + slot * bucketMs);
  await countDay({ scans }, { owner: { tenantId, codeId: null }, day, starts }, countTenant);
}

/** Brings what codes say of their scans in line with their days. */
export async function tellCodes({ scans, codes, breathe }: CountDeps, codeIds: string[]): Promise<void> {
  for (let at = 0; at < codeIds.length; at += codesPage) {
    await breathe?.();
    const ids = codeIds.slice(at, at + codesPage);
    let facts = await scans.totalsOf(ids);
    for (;;) {
      await codes.setScanFacts(facts);
      /* Another process may have counted more and said so before we said less. */
      const now = await scans.totalsOf(ids);
      if (JSON.stringify(now) === JSON.stringify(facts)) break;
      facts = now;
    }
  }
}
