import { bucketMs, bucketOf, dayMs, dayOf, partIndex } from '../../../domain/scans/roll-up.ts';
import type { Millis } from '../database.ts';
import { chunksOf, ledgerSetting, oldestOf, pageBounds } from '../scan-pages.ts';
import type { ScanPage, ScanRow, ScanStore } from '../scan-store.ts';
import { rowOf, storedOf } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { duplicatesOf, isDuplicateKey } from './mongo-error.ts';
import type { ScanDocument } from './scan-documents.ts';
import { type Bucket, markBuckets, mongoScanMarks } from './scan-marks.ts';

type Ledger = Pick<
  ScanStore,
  | 'record'
  | 'findRecorded'
  | 'forgetRecorded'
  | 'forgetRecordedBefore'
  | 'list'
  | 'listBetween'
  | 'visitorsBetween'
  | 'codesBetween'
  | 'dirtyBuckets'
  | 'marksBetween'
  | 'clearMarks'
  | 'mark'
  | 'ledgerBegins'
  | 'closeLedgerBefore'
  | 'purgeLedger'
>;

/** Values of one `$in`. */
const valuesAtATime = 500;

/** What lies behind `after`; the range's bound lets the index begin there, the `$or` settles scans of the same millisecond. */
function behind(from: Millis, to: Millis, after: { at: Millis; id: string } | null) {
  if (after === null) return { at: { $gte: from, $lt: to } };
  const { at, id } = after;
  return { at: { $gte: Math.max(from, at), $lt: to }, $or: [{ at: { $gt: at } }, { at, _id: { $gt: id } }] };
}

function before(from: Millis, to: Millis, after: { at: Millis; id: string } | null) {
  if (after === null) return { at: { $gte: from, $lt: to } };
  const { at, id } = after;
  const bound = at < to ? { $gte: from, $lte: at } : { $gte: from, $lt: to };
  return { at: bound, $or: [{ at: { $lt: at } }, { at, _id: { $lt: id } }] };
}

/* Few scans differ in these from what is asked for most, so no index has them: the `$and` looks at what the index found. */
function asAskedFor({ bots, source }: ScanPage) {
  const conditions = [
    ...(bots === 'include' ? [] : [{ bot: bots === 'only' }]),
    ...(source === null ? [] : [{ source }]),
  ];
  return conditions.length === 0 ? {} : { $and: conditions };
}

/** The ledger's side of the store in MongoDB: scans, marks, segments. */
export function mongoLedger(connection: MongoConnection): Ledger {
  const { scans, scan_segments: segments, settings } = connection.collections;
  const run = connection.run.bind(connection);

  /** The later buckets on their UTC day of the visitors of these scans. Index: `by_visitor`. */
  const laterBuckets = async (rows: ScanRow[]): Promise<Bucket[]> => {
    const firsts = new Map<string, Millis>();
    const key = (codeId: string, visitor: string | null, at: Millis) => `${codeId} ${visitor} ${dayOf(at)}`;
    for (const { codeId, visitor, at } of rows) {
      const visit = key(codeId, visitor, at);
      if (visitor !== null) firsts.set(visit, Math.min(firsts.get(visit) ?? at, at));
    }
    const later: Bucket[] = [];
    const visitors = [...new Set(rows.flatMap(({ visitor }) => visitor ?? []))];
    for (const chunk of chunksOf(visitors, valuesAtATime)) {
      const codeIds = [...new Set(rows.map(({ codeId }) => codeId))];
      const at = {
        $gte: Math.min(...rows.map((row) => row.at)),
        $lt: Math.max(...rows.map((row) => dayOf(row.at))) + dayMs,
      };
      const found = scans.find(
        { visitor: { $in: chunk }, codeId: { $in: codeIds }, at },
        { projection: { codeId: 1, tenantId: 1, visitor: 1, at: 1 } },
      );
      for await (const scan of found) {
        const first = firsts.get(key(scan.codeId, scan.visitor, scan.at));
        if (first === undefined || scan.at < bucketOf(first) + bucketMs) continue;
        later.push({ codeId: scan.codeId, tenantId: scan.tenantId, start: bucketOf(scan.at) });
      }
    }
    return later;
  };

  /** Index: `_id`. */
  const insert = async (rows: ScanRow[]): Promise<void> => {
    const documents = rows.map((row): ScanDocument => storedOf(row));
    try {
      await scans.bulkWrite(
        documents.map((document) => ({ insertOne: { document } })),
        { ordered: false },
      );
    } catch (error) {
      duplicatesOf(error);
    }
  };

  const ledgerBegins = async (): Promise<Millis> => {
    const found = await settings.findOne({ _id: ledgerSetting });
    return found === null ? 0 : Date.parse(found.value);
  };

  return {
    record: (segmentId, rows, now) =>
      run(async () => {
        if (rows.length > 0) {
          const own = rows.map(({ codeId, tenantId, at }) => ({ codeId, tenantId, start: bucketOf(at) }));
          /* Before, so that no scan is without a mark when this is cut; after, as a roll-up may have taken the first in between. */
          await markBuckets(connection, own, now);
          await insert(rows);
          await markBuckets(connection, [...own, ...(await laterBuckets(rows))], now);
        }
        const set = { $setOnInsert: { recordedAt: now } };
        await segments.updateOne({ _id: segmentId }, set, { upsert: true }).catch((error: unknown) => {
          if (!isDuplicateKey(error)) throw error;
        });
      }),
    findRecorded: (segmentIds) =>
      run(async () => {
        const found = await segments.find({ _id: { $in: segmentIds } }, { projection: { _id: 1 } }).toArray();
        return new Set(found.map(({ _id }) => _id));
      }),
    forgetRecorded: (segmentIds) => run(async () => void (await segments.deleteMany({ _id: { $in: segmentIds } }))),
    /** Index: `by_time`. */
    forgetRecordedBefore: (time) => run(async () => void (await segments.deleteMany({ recordedAt: { $lt: time } }))),

    /** Index: `by_code`. */
    list: (codeId, page) =>
      run(async () => {
        const { from, to } = pageBounds(page);
        const newest = page.order === 'newest-first';
        const filter = { codeId, ...(newest ? before : behind)(from, to, page.after), ...asAskedFor(page) };
        const sort = newest ? ({ at: -1, _id: -1 } as const) : ({ at: 1, _id: 1 } as const);
        const documents = await scans.find(filter).sort(sort).limit(page.limit).toArray();
        return documents.map((document) => rowOf<ScanRow>(document));
      }),
    /** Index: `by_tenant`; of codes `by_code`, once for each code, as the order is one of times. */
    listBetween: ({ tenantId, codeIds }, { from, to }, { limit, after }) =>
      run(async () => {
        const read = async (owner: { tenantId: string } | { codeId: string }): Promise<ScanRow[]> => {
          const found = scans.find({ ...owner, ...behind(from, to, after) }).sort({ at: 1, _id: 1 });
          return (await found.limit(limit).toArray()).map((document) => rowOf<ScanRow>(document));
        };
        if (codeIds === null) return read({ tenantId });
        let oldest: ScanRow[] = [];
        for (const chunk of chunksOf(codeIds, 16)) {
          const rows = await Promise.all(chunk.map((codeId) => read({ codeId })));
          oldest = oldestOf([...oldest, ...rows.flat()], limit);
        }
        return oldest;
      }),
    /** Index: `by_visitor`. */
    visitorsBetween: (codeId, visitors, { from, to }) =>
      run(async () => {
        const found = new Map<string, number>();
        for (const chunk of chunksOf([...new Set(visitors)], valuesAtATime)) {
          const filter = { visitor: { $in: chunk }, codeId, at: { $gte: from, $lt: to } };
          for await (const scan of scans.find(filter, { projection: { visitor: 1, bot: 1, source: 1 } })) {
            const visitor = scan.visitor as string;
            found.set(visitor, (found.get(visitor) ?? 0) | (1 << partIndex(scan)));
          }
        }
        return found;
      }),
    /** Index: `by_tenant`, which has all that is read. */
    codesBetween: (tenantId, { from, to }) =>
      run(async () => {
        const found = scans.find({ tenantId, at: { $gte: from, $lt: to } }, { projection: { _id: 0, codeId: 1 } });
        const codes = new Set<string>();
        for await (const { codeId } of found) codes.add(codeId);
        return [...codes];
      }),

    ...mongoScanMarks(connection),

    ledgerBegins: () => run(ledgerBegins),
    closeLedgerBefore: (day) =>
      run(async () => {
        const update = { $max: { value: new Date(day).toISOString() } };
        await settings.updateOne({ _id: ledgerSetting }, update, { upsert: true });
      }),
    /** Index: `by_tenant`, and `_id` for what is deleted. */
    purgeLedger: (limit) =>
      run(async () => {
        const to = await ledgerBegins();
        let purged = 0;
        let tenantId = '';
        while (purged < limit) {
          const next = await scans.findOne({ tenantId: { $gt: tenantId } }, { sort: { tenantId: 1 } });
          if (next === null) break;
          tenantId = next.tenantId;
          const page = { projection: { _id: 1 }, limit: limit - purged } as const;
          const old = await scans.find({ tenantId, at: { $lt: to } }, page).toArray();
          purged += (await scans.deleteMany({ _id: { $in: old.map(({ _id }) => _id) } })).deletedCount;
        }
        return purged;
      }),
  };
}
