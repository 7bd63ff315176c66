import type { CodeListQuery, CodeRow } from '../../../shared/adapters/database/code-store.ts';
import { noon, unique } from './rows.ts';

/** A code that has everything, of a tenant of its own unless `row` says otherwise. */
export function newCode(row: Partial<CodeRow> = {}): CodeRow {
  return {
    id: unique('cod'),
    tenantId: unique('tenant'),
    slug: unique('slug').replace('_', ''),
    shortOrigin: 'https://q.example.com',
    current: { version: 1, target: 'https://example.com/menu?table=4#today', from: noon, changedBy: 'key_first' },
    fallbackTarget: 'https://example.com/closed',
    paused: false,
    archivedAt: null,
    expiresAt: null,
    forwardQuery: true,
    title: 'Café "Zoë" 日本',
    tags: ['table 4', 'Summer/2026'],
    imageOptions: { size: 600, foreground: '#102030', compact: false, logo: { id: 'logo_any', ratio: 0.2 } },
    externalId: 'SKU-1',
    metadata: { 'a.b': [1, 2.5, null], $set: { __proto: 'x' }, '': true },
    batchId: 'bat_any',
    revision: 1,
    createdAt: noon,
    updatedAt: noon,
    scanCount: 0,
    lastScannedAt: null,
    ...row,
  };
}

/** The same code one change later. */
export function changed(code: CodeRow, change: Partial<CodeRow> = {}): CodeRow {
  return { ...code, updatedAt: code.updatedAt + 1, ...change, revision: code.revision + 1 };
}

/** The same code one target later. */
export function retargeted(code: CodeRow, target: string): CodeRow {
  const from = code.current.from + 1000;
  return changed(code, { current: { version: code.current.version + 1, target, from, changedBy: 'key_next' } });
}

/** The list that shows everything but archived codes, newest first. */
export const wholeList: CodeListQuery = {
  limit: 200,
  sort: 'createdAt',
  descending: true,
  after: null,
  words: [],
  tag: null,
  status: null,
  slug: null,
  externalId: null,
  batchId: null,
  now: noon,
};
