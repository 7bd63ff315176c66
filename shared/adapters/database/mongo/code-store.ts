import type { mongo } from 'mongoose';
import type { CodeInsert, CodeRow, CodeStore, TargetVersion } from '../code-store.ts';
import {
  codeListing,
  codeRowOf,
  lastScannedKeyOf,
  type StoredCode,
  type StoredTarget,
  storedCodeOf,
  storedTargetOf,
  targetVersionOf,
} from './code-documents.ts';
import type { MongoConnection } from './connection.ts';
import { duplicatesOf, isDuplicateKey } from './mongo-error.ts';

/** Inserts each document on its own; answers the positions of those that met one by a unique index. */
async function insertEach<Document extends mongo.Document>(
  collection: mongo.Collection<Document>,
  documents: mongo.OptionalUnlessRequiredId<Document>[],
): Promise<Set<number>> {
  if (documents.length === 0) return new Set();
  try {
    const operations = documents.map((document) => ({ insertOne: { document } }));
    await collection.bulkWrite(operations as mongo.AnyBulkWriteOperation<Document>[], { ordered: false });
    return new Set();
  } catch (error) {
    return duplicatesOf(error);
  }
}

type Collections = MongoConnection['collections'];

/**
 * A code and its slug are stored by one write, so that none that fails leaves a slug that is nobody's. Indexes: `_id`, `slug_once`.
 */
async function insert({ codes }: Collections, rows: CodeRow[]): Promise<CodeInsert[]> {
  const met = await insertEach(codes, rows.map(storedCodeOf));
  /* It met its own `_id`, perhaps under another slug that was drawn by lot, or else another code with its slug. */
  const known = await idsOfThose(codes, rows, met);
  return rows.map(({ id }, index) => {
    if (!met.has(index)) return 'inserted';
    return known.has(id) ? 'exists' : 'slug-taken';
  });
}

/** Index: `_id`. */
async function idsOfThose(
  codes: mongo.Collection<StoredCode>,
  rows: CodeRow[],
  positions: Set<number>,
): Promise<Set<string>> {
  if (positions.size === 0) return new Set();
  const ids = [...positions].map((index) => (rows[index] as CodeRow).id);
  const documents = await codes.find({ _id: { $in: ids } }, { projection: { _id: 1 } }).toArray();
  return new Set(documents.map(({ _id }) => _id));
}

/** Index: `_id`. The earlier target goes to the history first: it was this code's whoever replaces it now. */
async function replace({ codes, codeTargets }: Collections, next: CodeRow): Promise<boolean> {
  const revision = next.revision - 1;
  const stored = await codes.findOne({ _id: next.id, revision }, { projection: { current: 1 } });
  if (stored === null) return false;
  if (stored.current.version !== next.current.version) await keepTarget(codeTargets, next.id, stored.current);
  const {
    _id,
    slug: _,
    createdAt: _c,
    scanCount: _s,
    lastScannedAt: _l,
    lastScannedKey: _k,
    ...sets
  } = storedCodeOf(next);
  return (await codes.updateOne({ _id, revision }, { $set: sets })).matchedCount === 1;
}

async function keepTarget(
  targets: mongo.Collection<StoredTarget>,
  codeId: string,
  target: TargetVersion,
): Promise<void> {
  try {
    await targets.insertOne(storedTargetOf(codeId, target));
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

/** Index: `by_code`. A target that is in the history while the code still leads there counts once, as the current one. */
async function history(
  { codeTargets }: Collections,
  { id, current }: CodeRow,
  { limit, before }: { limit: number; before: number | null },
): Promise<TargetVersion[]> {
  const first = before === null || before > current.version ? [current] : [];
  if (limit === first.length) return first;
  const filter = { codeId: id, version: { $lt: Math.min(before ?? current.version, current.version) } };
  const earlier = await codeTargets
    .find(filter)
    .sort({ version: -1 })
    .limit(limit - first.length)
    .toArray();
  return [...first, ...earlier.map(targetVersionOf)];
}

/** Index: `_id`. */
async function findTargets(
  { codes, codeTargets }: Collections,
  codeId: string,
  versions: number[],
): Promise<TargetVersion[]> {
  /* The code before the earlier targets: what it leads to now may be an earlier one a moment later, not the other way. */
  const code = await codes.findOne({ _id: codeId }, { projection: { current: 1 } });
  if (code === null) return [];
  const ids = versions.map((version) => `${codeId}/${version}`);
  const earlier = (await codeTargets.find({ _id: { $in: ids } }).toArray()).map(targetVersionOf);
  const found = new Map(earlier.map((target) => [target.version, target]));
  if (versions.includes(code.current.version)) found.set(code.current.version, code.current);
  return [...found.values()];
}

export function mongoCodes(connection: MongoConnection): CodeStore {
  const { collections } = connection;
  const { codes } = collections;
  const run = connection.run.bind(connection);
  const findOne = async (filter: { _id: string } | { slug: string }): Promise<CodeRow | null> => {
    const document = await codes.findOne(filter);
    return document === null ? null : codeRowOf(document);
  };
  const findAll = async (filter: mongo.Filter<StoredCode>): Promise<CodeRow[]> =>
    (await codes.find(filter).toArray()).map(codeRowOf);

  return {
    insert: (rows) => run(async () => (rows.length === 0 ? [] : insert(collections, rows))),
    /** Index: `_id`. */
    find: (id) => run(() => findOne({ _id: id })),
    /** Index: `slug_once`. */
    findBySlug: (slug) => run(() => findOne({ slug })),
    /** Index: `slug_once`. */
    findManyBySlug: (slugs) => run(() => findAll({ slug: { $in: slugs } })),
    /** Index: `_id`. */
    findMany: (ids) => run(() => findAll({ _id: { $in: ids } })),
    replace: (next) => run(() => replace(collections, next)),
    history: (code, page) => run(() => history(collections, code, page)),
    findTargets: (codeId, versions) => run(() => findTargets(collections, codeId, versions)),
    /** Index: that of the filter, with its codes in the order of creation; else that of the order. A word's are sorted. */
    list: (tenantId, query) =>
      run(async () => {
        const { filter, sort } = codeListing(tenantId, query);
        return (await codes.find(filter).sort(sort).limit(query.limit).toArray()).map(codeRowOf);
      }),
    /** Index: `by_tag` or `by_batch`. */
    idsOf: (tenantId, by, { limit, after }) =>
      run(async () => {
        const of = 'tag' in by ? { tags: by.tag } : { batchId: by.batchId };
        const last = after === null ? null : await codes.findOne({ _id: after }, { projection: { createdAt: 1 } });
        const filter = { tenantId, ...of, ...(last === null ? {} : behindCode(last)) };
        const projection = { _id: 1 } as const;
        const documents = await codes
          .find(filter, { projection })
          .sort({ createdAt: 1, _id: 1 })
          .limit(limit)
          .toArray();
        return documents.map(({ _id }) => _id);
      }),
    /** Index: `_id`. */
    setScanFacts: (facts) =>
      run(async () => {
        if (facts.length === 0) return;
        const operations = facts.map(({ id, scanCount, lastScannedAt }) => ({
          updateOne: {
            filter: { _id: id },
            update: { $set: { scanCount, lastScannedAt, lastScannedKey: lastScannedKeyOf(lastScannedAt) } },
          },
        }));
        await codes.bulkWrite(operations, { ordered: false });
      }),
    /** Index: `by_logo`. */
    hasLogo: (logoId) =>
      run(async () => (await codes.findOne({ 'imageOptions.logo.id': logoId }, { projection: { _id: 1 } })) !== null),
  };
}

/** What was created behind this code; the bound lets an index begin there. */
const behindCode = ({ _id, createdAt }: Pick<StoredCode, '_id' | 'createdAt'>) => ({
  createdAt: { $gte: createdAt },
  $or: [{ createdAt: { $gt: createdAt } }, { createdAt, _id: { $gt: _id } }],
});
