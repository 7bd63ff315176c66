import type { mongo } from 'mongoose';
import { isDuplicateKey } from './mongo-error.ts';

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

/** Replaces the revision before; true when it did. Index: `_id`. */
export async function replaceRevision<Document extends { _id: string; revision: number }>(
  collection: mongo.Collection<Document>,
  { _id, ...rest }: Document,
): Promise<boolean> {
  const filter = { _id, revision: rest.revision - 1 } as mongo.Filter<Document>;
  return (await collection.replaceOne(filter, rest as unknown as mongo.WithoutId<Document>)).matchedCount === 1;
}
