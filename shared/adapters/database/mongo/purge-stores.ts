import type { mongo } from 'mongoose';
import { openStatuses } from '../accepting.ts';
import type { ById, LogoPurge, RenderPurge, UnusedRenders } from '../purge-store.ts';
import type { MongoConnection } from './connection.ts';

/** Rarely said of a row that was not used for long: no index is needed for it. */
const ended = { $nor: [{ status: { $in: [...openStatuses] } }] };
const endedAndTold = { $nor: [...ended.$nor, { mark: { $gt: '' } }] };

/** A field that is not there equals null. */
const unusedSince = ({ isAnonymous, before }: UnusedRenders, bytesGone: true | null) => ({
  anonymous: isAnonymous || null,
  bytesGone,
  lastUsedAt: { $lt: before },
  ...ended,
});

/** A page of all documents, in the order of ids. Index: `_id`. */
export function pageById<Document extends { _id: string }>(
  collection: mongo.Collection<Document>,
  { after, limit }: ById,
): Promise<mongo.WithId<Document>[]> {
  const filter = { _id: { $gt: after ?? '' } } as mongo.Filter<Document>;
  return collection.find(filter).sort({ _id: 1 }).limit(limit).toArray();
}

export function mongoRenderPurge(connection: MongoConnection): RenderPurge {
  const { renders } = connection.collections;
  const run = connection.run.bind(connection);
  return {
    /** Index: `unused`. */
    unusedImages: (unused, limit) =>
      run(async () => {
        const filter = unusedSince(unused, null) as object;
        const sorted = renders.find(filter, { projection: { 'spec.format': 1 } }).sort({ lastUsedAt: 1 });
        return (await sorted.limit(limit).toArray()).map(({ _id, spec }) => ({ id: _id, format: spec.format }));
      }),
    imagesRemoved: (ids, before) =>
      run(async () => {
        const filter = { _id: { $in: ids }, lastUsedAt: { $lt: before }, ...ended };
        await renders.updateMany(filter, { $set: { bytesGone: true } });
      }),
    /** Index: `unused`; the second look at what was found is by `_id`. */
    removeUnused: (unused, limit) =>
      run(async () => {
        const filter = { ...unusedSince(unused, true), ...endedAndTold } as object;
        const sorted = renders.find(filter, { projection: { _id: 1 } }).sort({ lastUsedAt: 1 });
        const ids = (await sorted.limit(limit).toArray()).map(({ _id }) => _id);
        if (ids.length > 0) await renders.deleteMany({ ...filter, _id: { $in: ids } });
        return ids.length;
      }),
    /** Index: `by_logo`. */
    hasLogo: (logoId) =>
      run(async () => (await renders.findOne({ 'spec.logo.id': logoId }, { projection: { _id: 1 } })) !== null),
    walk: (page) =>
      run(async () =>
        (await pageById(renders, page)).map(({ _id, spec, status, bytesGone }) => ({
          id: _id,
          format: spec.format,
          isStored: status === 'completed' && bytesGone !== true,
        })),
      ),
  };
}

export function mongoLogoPurge(connection: MongoConnection): LogoPurge {
  const { logos } = connection.collections;
  const run = connection.run.bind(connection);
  return {
    /** Index: `deleted`; a null is no time before any other. */
    deleted: ({ before, limit, after }) =>
      run(async () => {
        const behind = after && {
          $or: [{ deletedAt: { $gt: after.deletedAt } }, { deletedAt: after.deletedAt, _id: { $gt: after.id } }],
        };
        const filter = { deletedAt: { $lt: before, $gte: after?.deletedAt ?? 0 }, ...behind };
        const sorted = logos.find(filter, { projection: { deletedAt: 1 } }).sort({ deletedAt: 1, _id: 1 });
        return (await sorted.limit(limit).toArray()).map(({ _id, deletedAt }) => ({
          id: _id,
          deletedAt: deletedAt as number,
        }));
      }),
    purge: (id, before) =>
      run(async () => {
        const filter = { _id: id, deletedAt: { $lt: before, $gte: 0 } };
        return (await logos.deleteOne(filter)).deletedCount === 1;
      }),
    walk: (page) =>
      run(async () =>
        (await pageById(logos, page)).map(({ _id, status }) => ({ id: _id, isStored: status === 'completed' })),
      ),
  };
}
