import type { mongo } from 'mongoose';
import { searchWords } from '../../../domain/search-words.ts';
import type { CodeListQuery, CodeRow, CodeSort, TargetVersion } from '../code-store.ts';

/** A code as MongoDB keeps it: the row, what it is found by, and what null is sorted as. */
export type StoredCode = Omit<CodeRow, 'id' | 'metadata'> & {
  _id: string;
  /** JSON, for MongoDB before 5.0 refuses names with `$`. */
  metadata: string;
  words: string[];
  archived: boolean;
  titleKey: string;
  lastScannedKey: number;
};

/** A target that a code led to, or leads to still. */
export type StoredTarget = TargetVersion & { _id: string; codeId: string };

export type CodeCollections = {
  codes: mongo.Collection<StoredCode>;
  codeTargets: mongo.Collection<StoredTarget>;
};

type Index = { name: string; key: Record<string, 1 | -1>; sparse?: true; unique?: true };

/** With `expiresAt` at their end they tell what expired without a look at the document. */
export const codeIndexes = {
  codes: [
    /* Decides whose a slug is. Backwards, for databases of before have an index of `slug: 1` that is not unique. */
    { name: 'slug_once', key: { slug: -1 }, unique: true },
    { name: 'by_creation', key: { tenantId: 1, archived: 1, createdAt: 1, _id: 1, expiresAt: 1 } },
    { name: 'by_pause', key: { tenantId: 1, archived: 1, paused: 1, createdAt: 1, _id: 1, expiresAt: 1 } },
    { name: 'by_update', key: { tenantId: 1, archived: 1, updatedAt: 1, _id: 1 } },
    { name: 'by_scan_count', key: { tenantId: 1, archived: 1, scanCount: 1, _id: 1 } },
    { name: 'by_last_scan', key: { tenantId: 1, archived: 1, lastScannedKey: 1, _id: 1 } },
    { name: 'by_title', key: { tenantId: 1, archived: 1, titleKey: 1, _id: 1 } },
    { name: 'by_external_id', key: { tenantId: 1, externalId: 1, createdAt: 1, _id: 1 } },
    { name: 'by_batch', key: { tenantId: 1, batchId: 1, createdAt: 1, _id: 1 } },
    { name: 'by_tag', key: { tenantId: 1, tags: 1, createdAt: 1, _id: 1 } },
    { name: 'by_word', key: { tenantId: 1, words: 1, createdAt: 1, _id: 1 } },
    { name: 'by_logo', key: { 'imageOptions.logo.id': 1 }, sparse: true },
  ],
  codeTargets: [{ name: 'by_code', key: { codeId: 1, version: 1 } }],
} as const satisfies Record<keyof CodeCollections, readonly Index[]>;

const titleKeyOf = (title: string | null): string => title ?? '';
export const lastScannedKeyOf = (lastScannedAt: number | null): number => lastScannedAt ?? -1;

export function storedCodeOf({ id, ...code }: CodeRow): StoredCode {
  return {
    _id: id,
    ...code,
    metadata: JSON.stringify(code.metadata),
    words: searchWords({ ...code, target: code.current.target }),
    archived: code.archivedAt !== null,
    titleKey: titleKeyOf(code.title),
    lastScannedKey: lastScannedKeyOf(code.lastScannedAt),
  };
}

export function codeRowOf({
  _id,
  words: _,
  archived: _a,
  titleKey: _t,
  lastScannedKey: _l,
  ...code
}: StoredCode): CodeRow {
  return { id: _id, ...code, metadata: JSON.parse(code.metadata) };
}

export function storedTargetOf(codeId: string, target: TargetVersion): StoredTarget {
  return { _id: `${codeId}/${target.version}`, codeId, ...target };
}

export function targetVersionOf({ _id, codeId: _, ...target }: StoredTarget): TargetVersion {
  return target;
}

type Condition = Record<string, unknown>;

function statusConditions({ status, now }: CodeListQuery): Condition[] {
  if (status === null) return [];
  if (status === 'archived') return [{ archived: true }];
  if (status === 'expired') return [{ archived: false, expiresAt: { $lte: now } }];
  const unexpired = { $or: [{ expiresAt: null }, { expiresAt: { $gt: now } }] };
  return [{ archived: false, paused: status === 'paused' }, unexpired];
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

const sortFields: Record<CodeSort, string> = {
  createdAt: 'createdAt',
  updatedAt: 'updatedAt',
  scanCount: 'scanCount',
  lastScannedAt: 'lastScannedKey',
  title: 'titleKey',
};

function keyOf(sort: CodeSort, value: string | number | null): string | number {
  if (sort === 'title') return titleKeyOf(value as string | null);
  return lastScannedKeyOf(value as number | null);
}

/** The bound lets an index begin at the page, the `$or` settles rows of the same value. */
function behind(field: string, than: '$gt' | '$lt', value: string | number, id: string): Condition[] {
  return [
    { [field]: { [`${than}e`]: value } },
    { $or: [{ [field]: { [than]: value } }, { [field]: value, _id: { [than]: id } }] },
  ];
}

/** Returns filter and order of a page of codes. */
export function codeListing(tenantId: string, query: CodeListQuery) {
  const { words, tag, status, slug, externalId, batchId, after } = query;
  const field = sortFields[query.sort];
  const than = query.descending ? '$lt' : '$gt';
  const conditions: Condition[] = [
    { tenantId },
    ...statusConditions(query),
    ...(status === null && slug === null && externalId === null ? [{ archived: false }] : []),
    ...(tag === null ? [] : [{ tags: tag }]),
    ...(slug === null ? [] : [{ slug }]),
    ...(externalId === null ? [] : [{ externalId }]),
    ...(batchId === null ? [] : [{ batchId }]),
    ...words.map((word) => ({ words: { $regex: `^${escaped(word)}` } })),
    ...(after === null ? [] : behind(field, than, keyOf(query.sort, after.value), after.id)),
  ];
  const direction: 1 | -1 = query.descending ? -1 : 1;
  return { filter: { $and: conditions }, sort: { [field]: direction, _id: direction } };
}
