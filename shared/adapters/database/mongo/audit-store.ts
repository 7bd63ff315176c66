import type { mongo } from 'mongoose';
import { type AuditQuery, type AuditRow, type AuditStore, auditScope } from '../audit-store.ts';
import { rowOf, type Stored } from './collections.ts';
import type { MongoConnection } from './connection.ts';
import { insertAllNew } from './revisions.ts';

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
    insert: (rows) => run(() => insertAllNew(audit, rows)),
    /** Indexes: `by_object`, `by_tenant_and_action`, `by_action`, `by_tenant`, `by_time`. */
    list: (query) =>
      run(async () => {
        const direction = query.order === 'newest-first' ? -1 : 1;
        const filter = { ...equalities(query), ...range(query) };
        const found = audit.find(filter).sort({ createdAt: direction, _id: direction }).limit(query.limit);
        return (await found.toArray()).map((document) => rowOf<AuditRow>(document));
      }),
    /** Index: `by_time`. */
    purge: (before, limit) =>
      run(async () => {
        const old = audit
          .find({ createdAt: { $lt: before } }, { projection: { _id: 1 } })
          .sort({ createdAt: 1, _id: 1 });
        const ids = (await old.limit(limit).toArray()).map(({ _id }) => _id);
        if (ids.length > 0) await audit.deleteMany({ _id: { $in: ids } });
        return ids.length;
      }),
  };
}
