import type { CodeRow } from '../../../shared/adapters/database/code-store.ts';

/** A code's row as a test wants it: active, leading to example.com. */
export function codeRow(more: Partial<CodeRow> & { target?: string } = {}): CodeRow {
  const { target = 'https://example.com/menu', ...fields } = more;
  return {
    id: 'cod_0123456789abcdef',
    tenantId: 'default',
    slug: 'ab3de9xk',
    shortOrigin: 'https://q.example.com',
    current: { version: 1, target, from: 1000, changedBy: 'key_1' },
    fallbackTarget: null,
    paused: false,
    archivedAt: null,
    expiresAt: null,
    forwardQuery: false,
    title: null,
    tags: [],
    imageOptions: {},
    externalId: null,
    metadata: {},
    batchId: null,
    revision: 1,
    createdAt: 1000,
    updatedAt: 1000,
    scanCount: 0,
    lastScannedAt: null,
    ...fields,
  };
}
