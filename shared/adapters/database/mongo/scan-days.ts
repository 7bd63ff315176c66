import type { mongo } from 'mongoose';
import { CountSum } from '../../../domain/scans/count-sum.ts';
import { BreakdownSum } from '../../../domain/scans/merge-roll-ups.ts';
import { addBreakdowns, type BucketRange, packDay, unpackDay } from '../../../domain/scans/scan-day.ts';
import { readingPlan } from '../scan-pages.ts';
import { type DayOwner, ownerOfScope, type ScanScope, type ScanStore, type StoredDay } from '../scan-store.ts';
import { addBySpans, type SpanReader } from '../span-breakdowns.ts';
import type { MongoConnection } from './connection.ts';
import { isDuplicateKey } from './mongo-error.ts';
import type { DayDocument } from './scan-documents.ts';
import { mongoSpans } from './scan-spans.ts';

type Days = Pick<
  ScanStore,
  'findDay' | 'findDays' | 'replaceDay' | 'totalsOf' | 'readCounts' | 'readBreakdowns' | 'daysOf' | 'nextCodeWithScans'
>;
type Names = { [Name in keyof DayDocument]?: 1 };

const dayId = ({ tenantId, codeId }: DayOwner, day: number): string => `${codeId ?? tenantId} ${day}`;
const storedDay = (document: DayDocument): StoredDay => ({
  day: document.day,
  revision: document.revision,
  rollUps: unpackDay(document.day, document),
});
const asStored: Names = { day: 1, revision: 1, counts: 1, breakdowns: 1 };

/** The roll-ups' side of the store in MongoDB. */
export function mongoScanDays(connection: MongoConnection): Days {
  const { scans, scan_days: codeDays, tenant_scan_days: tenantDays } = connection.collections;
  const run = connection.run.bind(connection);
  const daysIn = (codeId: string | null): mongo.Collection<DayDocument> => (codeId === null ? tenantDays : codeDays);
  const ownerOf = ({ tenantId, codeId }: DayOwner) => (codeId === null ? { tenantId } : { codeId });

  /** Calls `add` with every day of the scope in the range. Index: `by_code`, `by_tenant`. */
  const addDays = async (
    { tenantId, codeIds }: ScanScope,
    range: BucketRange,
    { names, add }: { names: Names; add: (document: DayDocument) => void },
  ): Promise<void> => {
    const projection = { _id: 0, day: 1, ...names };
    for (const { ids, days } of readingPlan(codeIds ?? [tenantId], range)) {
      const day = { $gte: days.from, $lt: days.to };
      const found =
        codeIds === null
          ? tenantDays.find({ tenantId, day }, { projection })
          : codeDays.find({ codeId: { $in: ids }, day }, { projection });
      for await (const document of found) add(document);
    }
  };

  const addBreakdownsOf = (scope: ScanScope, range: BucketRange, sum: BreakdownSum): Promise<void> => {
    const names: Names = { breakdowns: 1, total: 1 };
    return addDays(scope, range, { names, add: (document) => addBreakdowns(sum, document.day, document, range) });
  };
  const spansOf = (owner: DayOwner, scope: ScanScope): SpanReader => ({
    async revisions(range) {
      const found: { day: number; revision: number; scanCount: number }[] = [];
      await addDays(scope, range, {
        names: { revision: 1, scanCount: 1 },
        add: ({ day, revision, scanCount }) => void found.push({ day, revision, scanCount }),
      });
      return found;
    },
    addDays: (sum, range) => addBreakdownsOf(scope, range, sum),
    ...mongoSpans(connection, owner),
  });

  return {
    findDay: (owner, day) =>
      run(async () => {
        const document = await daysIn(owner.codeId).findOne({ _id: dayId(owner, day) }, { projection: asStored });
        return document === null ? null : storedDay(document);
      }),
    /** Index: `_id`. */
    findDays: (codeIds, day) =>
      run(async () => {
        const ids = codeIds.map((codeId) => `${codeId} ${day}`);
        return (await codeDays.find({ _id: { $in: ids } }, { projection: asStored }).toArray()).map(storedDay);
      }),
    /** Index: `_id`. */
    replaceDay: (owner, day, rollUps, revision) =>
      run(async () => {
        const document = { ...owner, day, revision: revision + 1, ...packDay(rollUps) };
        const days = daysIn(owner.codeId);
        const _id = dayId(owner, day);
        if (revision > 0) return (await days.replaceOne({ _id, revision }, document)).modifiedCount === 1;
        try {
          await days.insertOne({ _id, ...document });
          return true;
        } catch (error) {
          if (isDuplicateKey(error)) return false;
          throw error;
        }
      }),
    /** Index: `by_code`. */
    totalsOf: (codeIds) =>
      run(async () => {
        const totals = new Map(codeIds.map((id) => [id, { id, scanCount: 0, lastScannedAt: null as number | null }]));
        const projection = { _id: 0, codeId: 1, scanCount: 1, lastAt: 1 };
        for await (const { codeId, scanCount, lastAt } of codeDays.find({ codeId: { $in: codeIds } }, { projection })) {
          const total = totals.get(codeId as string);
          if (total === undefined) continue;
          total.scanCount += scanCount;
          total.lastScannedAt = lastAt === null ? total.lastScannedAt : Math.max(lastAt, total.lastScannedAt ?? 0);
        }
        return codeIds.map((id) => totals.get(id) as { id: string; scanCount: number; lastScannedAt: number | null });
      }),
    readCounts: (scope, range, starts) =>
      run(async () => {
        const sum = new CountSum(range, starts);
        await addDays(scope, range, { names: { counts: 1 }, add: (document) => sum.addDay(document.day, document) });
        return sum.result();
      }),
    readBreakdowns: (scope, range) =>
      run(async () => {
        const sum = new BreakdownSum();
        const owner = ownerOfScope(scope);
        if (owner === null) await addBreakdownsOf(scope, range, sum);
        else await addBySpans(sum, range, spansOf(owner, scope));
        return sum.result();
      }),
    /** Index: `by_code`, `by_tenant`. */
    daysOf: (owner, { limit, after }) =>
      run(async () => {
        const filter = { ...ownerOf(owner), day: { $gt: after } };
        const found = daysIn(owner.codeId).find(filter, { projection: asStored }).sort({ day: 1 }).limit(limit);
        return (await found.toArray()).map(storedDay);
      }),
    /** Index: `by_code` of both collections. */
    nextCodeWithScans: (after) =>
      run(async () => {
        const behind = { codeId: { $gt: after } };
        const options = { sort: { codeId: 1 }, projection: { codeId: 1, tenantId: 1 } } as const;
        const found = await Promise.all([scans.findOne(behind, options), codeDays.findOne(behind, options)]);
        const [first] = found
          .filter((document) => document !== null)
          .map(({ codeId, tenantId }) => ({ codeId: codeId as string, tenantId }))
          .sort((a, b) => (a.codeId < b.codeId ? -1 : 1));
        return first ?? null;
      }),
  };
}
