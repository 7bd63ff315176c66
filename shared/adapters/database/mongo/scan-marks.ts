import { randomUUID } from 'node:crypto';
import type { Millis } from '../database.ts';
import type { DirtyBucket, ScanStore } from '../scan-store.ts';
import type { MongoConnection } from './connection.ts';
import { duplicatesOf } from './mongo-error.ts';
import type { MarkDocument } from './scan-documents.ts';

/** A code's quarter of an hour. */
export type Bucket = Omit<DirtyBucket, 'stamp'>;

type Marks = Pick<ScanStore, 'dirtyBuckets' | 'marksBetween' | 'clearMarks' | 'mark'>;

const markId = ({ codeId, start }: Bucket): string => `${codeId} ${start}`;
const markOf = ({ codeId, tenantId, start, stamp }: MarkDocument): DirtyBucket => ({ codeId, tenantId, start, stamp });

/**
 * Marks the buckets within a call of the connection that is under way. Index: `_id`. Whoever meets another's upsert of the same mark finds
 * it there the second time.
 */
export async function markBuckets(
  { collections: { scan_marks: marks } }: MongoConnection,
  buckets: Iterable<Bucket>,
  now: Millis,
): Promise<void> {
  const stamp = randomUUID();
  let operations = [...new Map([...buckets].map((bucket) => [markId(bucket), bucket]))].map(
    ([_id, { codeId, tenantId, start }]) => ({
      updateOne: {
        filter: { _id },
        update: { $set: { codeId, tenantId, start, stamp }, $setOnInsert: { since: now } },
        upsert: true,
      },
    }),
  );
  for (let tries = 0; operations.length > 0; tries++) {
    try {
      await marks.bulkWrite(operations, { ordered: false });
      return;
    } catch (error) {
      const met = duplicatesOf(error);
      if (tries === 5) throw error;
      operations = operations.filter((_, index) => met.has(index));
    }
  }
}

/** The marks of buckets whose roll-ups are to be counted again, in MongoDB. */
export function mongoScanMarks(connection: MongoConnection): Marks {
  const marks = connection.collections.scan_marks;
  const run = connection.run.bind(connection);

  return {
    /** Index: `oldest`. */
    dirtyBuckets: (limit) =>
      run(async () => (await marks.find({}).sort({ since: 1, _id: 1 }).limit(limit).toArray()).map(markOf)),
    /** Index: `by_code`, `by_tenant`. */
    marksBetween: ({ tenantId, codeId }, { from, to }) =>
      run(async () => {
        const owner = codeId === null ? { tenantId } : { codeId };
        return (await marks.find({ ...owner, start: { $gte: from, $lt: to } }).toArray()).map(markOf);
      }),
    clearMarks: (cleared) =>
      run(async () => {
        if (cleared.length === 0) return;
        const operations = cleared.map((bucket) => ({
          deleteOne: { filter: { _id: markId(bucket), stamp: bucket.stamp } },
        }));
        await marks.bulkWrite(operations, { ordered: false });
      }),
    mark: (buckets, now) => run(() => markBuckets(connection, buckets, now)),
  };
}
