import mongoose from 'mongoose';
import { expect, it } from 'vitest';
import type { CodeListQuery } from '../../../../shared/adapters/database/code-store.ts';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import type { Database } from '../../../../shared/adapters/database/database.ts';
import { codeIndexes } from '../../../../shared/adapters/database/mongo/code-documents.ts';
import { codeSorts } from '../../../../shared/contract/code-list.ts';
import { changed, newCode, retargeted, wholeList } from '../../../suites/database/code-rows.ts';
import { noon } from '../../../suites/database/rows.ts';
import { silent } from '../../../suites/database.ts';
import { mongoDatabase } from '../../../support/mongo-database.ts';
import { describeOn, servers } from '../../../support/servers.ts';

type Filter = Record<string, unknown>;
type Query = { collection: string; conditions: Filter; sort: string[] };

/** The queries within a command of the driver, with what `$and` holds beside the rest. */
function queriesOf(command: Filter): Query[] {
  const query = (collection: unknown, filter: unknown, sort: unknown = {}): Query => {
    const { $and = [], ...rest } = filter as Filter & { $and?: Filter[] };
    const conditions = Object.assign({}, rest, ...$and) as Filter;
    const order = sort instanceof Map ? Object.fromEntries(sort) : (sort as object);
    return { collection: collection as string, conditions, sort: Object.keys(order) };
  };
  if (command.find) return [query(command.find, command.filter, command.sort)];
  if (command.update) return (command.updates as Filter[]).map(({ q }) => query(command.update, q));
  if (command.delete) return (command.deletes as Filter[]).map(({ q }) => query(command.delete, q));
  return [];
}

const isObject = (condition: unknown): condition is object => typeof condition === 'object' && condition !== null;
const operators = (condition: unknown): string => (isObject(condition) ? Object.keys(condition).join() : '');
const isEqual = (condition: unknown): boolean => !isObject(condition) || operators(condition) === '$in';

/**
 * Says how the server can find a query's documents: the index whose first fields are the most of its equalities and whose next
 * ones are its order; `, then` lists the conditions that are left to look at on the way. An index of words finds them
 * by the beginning of one, and they are sorted. (Nearly all codes are not archived: that is no step worth saving.)
 */
function wayOf({ collection, conditions, sort: asked }: Query): string {
  const fields = Object.keys(conditions).filter((field) => !field.startsWith('$'));
  if (fields.includes('_id')) return '_id';
  /* A slug has one code at most: there is nothing to sort. */
  const sort = fields.includes('slug') ? [] : asked;
  const equal = fields.filter((field) => isEqual(conditions[field]));
  const known: readonly { name: string; key: object }[] = codeIndexes[collection as keyof typeof codeIndexes];
  const ways = known.flatMap(({ name, key }) => {
    const keys = Object.keys(key);
    const head = keys.findIndex((field) => !equal.includes(field));
    const used = keys.slice(0, head === -1 ? keys.length : head);
    const next = keys.slice(used.length);
    if (used.length === 0 || (sort.length > 0 && next.slice(0, sort.length).join() !== sort.join())) return [];
    const rest = fields.filter((field) => !used.includes(field) && field !== sort[0]);
    return [
      {
        used: used.length,
        way: rest.length > 0 ? `${name}, then ${rest.sort().join(', ')}` : name,
        rest: rest.filter((field) => field !== 'archived').length,
      },
    ];
  });
  ways.sort((a, b) => a.rest - b.rest || b.used - a.used);
  return ways[0]?.way ?? 'none';
}

const pages = [null, { value: null, id: 'cod' }];

/** Every filter of the default list, and how MongoDB can find it in order. */
const byCreation: [string, Partial<CodeListQuery>, string][] = [
  ['nothing more', {}, 'by_creation'],
  ['active', { status: 'active' }, 'by_pause'],
  ['paused', { status: 'paused' }, 'by_pause'],
  ['expired', { status: 'expired' }, 'by_creation, then expiresAt'],
  ['archived', { status: 'archived' }, 'by_creation'],
  ['a tag', { tag: 'a' }, 'by_tag, then archived'],
  ['a batch', { batchId: 'b' }, 'by_batch, then archived'],
  ['an external id', { externalId: 'e' }, 'by_external_id'],
];

describeOn('Each query for codes to MongoDB', servers.mongo, (serverUrl) => {
  /** Runs `calls` on a database of its own; answers the queries that it made. */
  async function queriesIn(calls: (database: Database) => Promise<void>): Promise<Query[]> {
    const url = mongoDatabase(serverUrl);
    const seen: Query[] = [];
    const database = await connectDatabase({ mongoUrl: `${url}?monitorCommands=true`, dataDir: '/nowhere' }, silent);
    const connection = mongoose.connections.find(({ name }) => url.endsWith(name));
    connection?.getClient().on('commandStarted', ({ command }) => {
      seen.push(...queriesOf(command as Filter));
    });
    await calls(database);
    await database.close();
    return seen;
  }

  it.each(byCreation)('lists those with %s by creation along an index', async (_, filter, way) => {
    const seen = await queriesIn(async ({ codes }) => {
      for (const after of pages)
        for (const descending of [true, false]) await codes.list('t', { ...wholeList, ...filter, after, descending });
    });
    expect(seen).toHaveLength(4);
    expect(new Set(seen.map(wayOf))).toEqual(new Set([way]));
  });

  it.each(codeSorts)('lists all by %s along an index', async (sort) => {
    const seen = await queriesIn(async ({ codes }) => {
      for (const after of pages) await codes.list('t', { ...wholeList, sort, after });
    });
    const names = ['by_creation', 'by_update', 'by_scan_count', 'by_last_scan', 'by_title'];
    expect(seen.map(wayOf)).toEqual(Array(2).fill(names[codeSorts.indexOf(sort)]));
  });

  it('finds words by their beginnings, escaped and anchored', async () => {
    const seen = await queriesIn(async ({ codes }) => {
      await codes.list('t', { ...wholeList, words: ['men', 'a.*'] });
    });
    const [{ conditions, sort }] = seen as [Query];
    expect(sort).toEqual(['createdAt', '_id']);
    expect(conditions).toMatchObject({ tenantId: 't', words: { $regex: '^a\\.\\*' } });
    expect(Object.keys(codeIndexes.codes.find(({ name }) => name === 'by_word')?.key ?? {})).toEqual(
      expect.arrayContaining(['tenantId', 'words']),
    );
  });

  it('finds everything else by an index, and the server has them all', async () => {
    const code = newCode();
    const seen = await queriesIn(async ({ codes, listSettings, removeSettings }) => {
      await codes.insert([code]);
      await codes.insert([code, newCode({ slug: code.slug })]);
      await codes.find(code.id);
      await codes.findBySlug(code.slug);
      await codes.findMany([code.id]);
      await codes.findManyBySlug([code.slug]);
      await codes.replace(changed(code));
      const next = retargeted(changed(code), 'https://example.org');
      await codes.replace(next);
      await codes.history(next, { limit: 5, before: null });
      await codes.findTargets(code.id, [1]);
      await codes.list('t', { ...wholeList, slug: code.slug });
      await codes.idsOf('t', { tag: 'a' }, { limit: 5, after: null });
      await codes.idsOf('t', { batchId: 'a' }, { limit: 5, after: code.id });
      await codes.hasLogo('logo_1');
      await codes.setScanFacts([{ id: code.id, scanCount: 1, lastScannedAt: noon }]);
      await listSettings('salt:');
      await removeSettings(['salt:1']);
    });
    const shapes = seen.map((query) => {
      const conditions = Object.keys(query.conditions).sort().join(', ');
      return [
        `${query.collection}: ${conditions}${query.sort.length > 0 ? ` by ${query.sort.join(', ')}` : ''}`,
        wayOf(query),
      ];
    });
    expect(Object.fromEntries(shapes)).toEqual({
      'codes: _id': '_id',
      'codes: imageOptions.logo.id': 'by_logo',
      'codes: _id, revision': '_id',
      'codes: slug': 'slug_once',
      'codes: slug, tenantId by createdAt, _id': 'slug_once, then tenantId',
      'codes: tags, tenantId by createdAt, _id': 'by_tag',
      'codes: $or, batchId, createdAt, tenantId by createdAt, _id': 'by_batch',
      'codeTargets: codeId, version by version': 'by_code',
      'codeTargets: _id': '_id',
      'settings: _id by _id': '_id',
      'settings: _id': '_id',
    });
  });
});
