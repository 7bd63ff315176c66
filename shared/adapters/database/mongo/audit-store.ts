import type { mongo } from 'mongoose';
import { type AuditQuery, type AuditRow, type AuditStore, auditScope } from '../audit-store.ts';
import { rowOf, type Stored, storedOf } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { insertNew } from './revisions.ts';

type Filter = mongo.Filter<Stored<AuditRow>>;

/** What the index finds by; the rest of an object's few rows is sorted out behind it. */
function equalities(query: AuditQuery): Filter {
  const { tenantId, action, objectId } = query;
  const given: Filter = { ...(tenantId === null ? {} : { tenantId }), ...(action === null ? {} : { action }) };
  if (auditScope(query) !== 'object') return given;
  const others = Object.entries(given).map(([name, value]) => ({ [name]: value }));
  return { objectId: objectId ?? '', ...(others.length > 0 ? { $and: others } : {}) };
}

/** The range, cut at `after`; the `$or` settles rows of the same millisecond. */
function range({ from, to, order, after }: AuditQuery): Filter {
  if (after === null) return { createdAt: { $gte: from, $lt: to } };
  const { createdAt, id } = after;
  return order === 'newest-first'
    ? {
        createdAt: { $gte: from, $lte: Math.min(createdAt, to) },
        $or: [{ createdAt: { $lt: Math.min(createdAt, to) } }, { createdAt, _id: { $lt: id } }],
      }
    : {
        createdAt: { $gte: Math.max(createdAt, from), $lt: to },
        $or: [{ createdAt: { $gt: createdAt } }, { createdAt, _id: { $gt: id } }],
      };
}

export function mongoAudit(connection: MongoConnection): AuditStore {
  const { audit } = connection.collections;
  const run = connection.run.bind(connection);
  return {
    insert: (row) =>
      run(async () => {
        await insertNew(audit, storedOf(row));
      }),
    /** Indexes: `by_object`, `by_tenant_and_action`, `by_action`, `by_tenant`, `by_time`. */
    list: (query) =>
      run(async () => {
        const direction = query.order === 'newest-first' ? -1 : 1;
        const filter = { ...equalities(query), ...range(query) };
        const found = audit.find(filter).sort({ createdAt: direction, _id: direction }).limit(query.limit);
        return (await found.toArray()).map((document) => rowOf<AuditRow>(document));
      }),
  };
}
