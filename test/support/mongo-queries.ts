import mongoose from 'mongoose';
import { connectDatabase } from '../../shared/adapters/database/connect-database.ts';
import type { Database } from '../../shared/adapters/database/database.ts';
import { indexes } from '../../shared/adapters/database/mongo/collections.ts';
import { silent } from '../suites/database.ts';
import { mongoDatabase } from './mongo-database.ts';

type Filter = Record<string, unknown>;
type Query = { collection: string; filter: Filter; sort: string[] };

/** The queries within a command of the driver. */
function queriesOf(command: Filter): Query[] {
  const query = (collection: unknown, filter: unknown, sort: object = {}): Query => ({
    collection: collection as string,
    filter: filter as Filter,
    sort: Object.keys(sort instanceof Map ? Object.fromEntries(sort) : sort),
  });
  if (command.find) return [query(command.find, command.filter, command.sort as object)];
  if (command.findAndModify) return [query(command.findAndModify, command.query)];
  if (command.update) return (command.updates as Filter[]).map(({ q }) => query(command.update, q));
  if (command.delete) return (command.deletes as Filter[]).map(({ q }) => query(command.delete, q));
  return [];
}

const isRange = (condition: unknown): boolean =>
  typeof condition === 'object' && condition !== null && Object.keys(condition).some((key) => /^\$[lg]te?$/.test(key));

/**
 * Names the index that finds the query's documents without looking at others, in the order asked for: equalities first,
 * then the order, ranges only on fields of the order. (The `$or` of a page only settles equal times.)
 */
function indexFor({ collection, filter, sort }: Query): string | null {
  if ('_id' in filter && !isRange(filter._id)) return '_id';
  if (Object.keys(filter).join() === '_id' && sort.join() === '_id') return '_id';
  const fields = Object.keys(filter).filter((field) => !field.startsWith('$'));
  const equal = fields.filter((field) => !isRange(filter[field]));
  const ranges = fields.filter((field) => isRange(filter[field]));
  const serves = ({ key }: { key: object }): boolean => {
    const keys = Object.keys(key);
    const head = keys.slice(0, equal.length).sort();
    const tail = keys.slice(equal.length);
    return (
      head.join() === equal.toSorted().join() &&
      tail.slice(0, sort.length).join() === sort.join() &&
      ranges.every((field) => field === tail[0])
    );
  };
  /** Begins with some of them, is in the order asked for, and holds the others behind it: no document is read to leave it out. */
  const holds = ({ key }: { key: object }): boolean => {
    const keys = Object.keys(key);
    const begin = keys.findIndex((field) => !equal.includes(field));
    const order = keys.slice(begin, begin + sort.length);
    return begin > 0 && sort.length > 0 && order.join() === sort.join() && equal.every((field) => keys.includes(field));
  };
  const known: readonly { name: string; key: object }[] = indexes[collection as keyof typeof indexes];
  return (known.find(serves) ?? known.find(holds))?.name ?? null;
}

/** The query's shape, for the table. */
function shapeOf({ collection, filter, sort }: Query): string {
  const fields = Object.keys(filter).map((field) => (isRange(filter[field]) ? `${field} range` : field));
  return `${collection}: ${fields.sort().join(', ')}${sort.length > 0 ? ` by ${sort.join(', ')}` : ''}`;
}

/** Runs `calls` in a database of its own at `serverUrl`; answers the shape of each query that it made, with the index for it. */
export async function indexesUsed(
  serverUrl: string,
  calls: (database: Database) => Promise<void>,
): Promise<Record<string, string | null>> {
  const url = mongoDatabase(serverUrl);
  const seen = new Map<string, string | null>();
  const database = await connectDatabase({ mongoUrl: `${url}?monitorCommands=true`, dataDir: '/nowhere' }, silent);
  const connection = mongoose.connections.find(({ name }) => url.endsWith(name));
  connection?.getClient().on('commandStarted', ({ command }) => {
    for (const query of queriesOf(command as Filter)) seen.set(shapeOf(query), indexFor(query));
  });
  await calls(database);
  await database.close();
  return Object.fromEntries(seen);
}

/** Writes a table of shapes by collection as `indexesUsed` answers it. */
export function shapesIn(tables: Record<string, Record<string, string>>): Record<string, string> {
  const shapes = Object.entries(tables).flatMap(([collection, table]) =>
    Object.entries(table).map(([shape, index]) => [`${collection}: ${shape}`, index]),
  );
  return Object.fromEntries(shapes);
}
