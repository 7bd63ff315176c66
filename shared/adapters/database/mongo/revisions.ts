import type { mongo } from 'mongoose';
import { type Stored, storedOf } from './collections.ts';
import { duplicatesOf, isDuplicateKey } from './mongo-error.ts';

/** Inserts a document; false when its `_id` is there already. */
export async function insertNew<Document extends { _id: string }>(
  collection: mongo.Collection<Document>,
  document: Document,
): Promise<boolean> {
  try {
    await collection.insertOne(document as mongo.OptionalUnlessRequiredId<Document>);
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

/** Inserts rows; those whose ids are there stay as they are. Index: `_id`. */
export async function insertAllNew<Row extends { id: string }>(
  collection: mongo.Collection<Stored<Row>>,
  rows: Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const operations = rows.map((row) => ({ insertOne: { document: storedOf(row) } }));
  try {
    await collection.bulkWrite(operations as unknown as Parameters<typeof collection.bulkWrite>[0], { ordered: false });
  } catch (error) {
    duplicatesOf(error);
  }
}

/** Replaces the revision before; true when it did. Index: `_id`. */
export async function replaceRevision<Document extends { _id: string; revision: number }>(
  collection: mongo.Collection<Document>,
  { _id, ...rest }: Document,
): Promise<boolean> {
  const filter = { _id, revision: rest.revision - 1 } as mongo.Filter<Document>;
  return (await collection.replaceOne(filter, rest as unknown as mongo.WithoutId<Document>)).matchedCount === 1;
}
