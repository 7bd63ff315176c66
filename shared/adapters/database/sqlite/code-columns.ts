import type { CodeRow, TargetVersion } from '../code-store.ts';
import { type RowCodec, rowCodec, type SqlValue } from './columns.ts';

type FlatCode = Omit<CodeRow, 'current'> & { version: number; target: string; targetFrom: number; targetBy: string };

const flatCodec = rowCodec<FlatCode>({
  id: 'plain',
  tenantId: 'plain',
  slug: 'plain',
  shortOrigin: 'plain',
  version: 'plain',
  target: 'plain',
  targetFrom: 'plain',
  targetBy: 'plain',
  fallbackTarget: 'plain',
  paused: 'flag',
  archivedAt: 'plain',
  expiresAt: 'plain',
  forwardQuery: 'flag',
  title: 'plain',
  tags: 'json',
  imageOptions: 'json',
  externalId: 'plain',
  metadata: 'json',
  batchId: 'plain',
  revision: 'plain',
  createdAt: 'plain',
  updatedAt: 'plain',
  scanCount: 'plain',
  lastScannedAt: 'plain',
});

/** A code as the table `codes` keeps it: its current target in columns of its own. */
export const codeCodec: Omit<RowCodec<CodeRow>, 'names'> & { names: readonly (keyof FlatCode)[] } = {
  names: flatCodec.names,
  encode: ({ current: { version, target, from, changedBy }, ...code }) =>
    flatCodec.encode({ ...code, version, target, targetFrom: from, targetBy: changedBy }),
  decode: (values) => {
    const { version, target, targetFrom, targetBy, ...code } = flatCodec.decode(values);
    return { ...code, current: { version, target, from: targetFrom, changedBy: targetBy } };
  },
};

/** Reads a row of `code_targets`: version, target, from, changedBy. */
export function targetVersionOf([version, target, from, changedBy]: SqlValue[]): TargetVersion {
  return { version, target, from, changedBy } as TargetVersion;
}
