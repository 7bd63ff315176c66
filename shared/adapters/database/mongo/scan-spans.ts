import { addPacked } from '../../../domain/scans/scan-day.ts';
import { spanMs } from '../../../domain/scans/span.ts';
import { type DayOwner, spanOwner } from '../scan-store.ts';
import type { SpanReader } from '../span-breakdowns.ts';
import type { MongoConnection } from './connection.ts';
import { isDuplicateKey } from './mongo-error.ts';

/** The kept spans of an owner in MongoDB. Index: `_id` for all of them. */
export function mongoSpans(
  connection: MongoConnection,
  owner: DayOwner,
): Pick<SpanReader, 'kept' | 'addSpans' | 'keep'> {
  const { scan_spans: spans } = connection.collections;
  const idOf = (span: number): string => `${spanOwner(owner)} ${span}`;
  return {
    async kept({ from, to }) {
      const ids = Array.from({ length: (to - from) / spanMs }, (_, index) => idOf(from + index * spanMs));
      const projection = { _id: 0, span: 1, days: 1, revisions: 1 };
      return spans.find({ _id: { $in: ids } }, { projection }).toArray();
    },
    async addSpans(sum, starts) {
      const projection = { _id: 0, total: 1 };
      for await (const { total } of spans.find({ _id: { $in: starts.map(idOf) } }, { projection }))
        addPacked(sum, JSON.parse(total));
    },
    async keep({ span, days, revisions, total }) {
      const set = { $set: { span, days, revisions, total: JSON.stringify(total) } };
      await spans.updateOne({ _id: idOf(span) }, set, { upsert: true }).catch((error: unknown) => {
        if (!isDuplicateKey(error)) throw error;
      });
    },
  };
}
