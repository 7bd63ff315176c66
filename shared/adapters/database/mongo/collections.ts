import type { mongo } from 'mongoose';
import type { IdempotencyRow, KeyRow, LogoRow, RenderRow } from '../database.ts';

/** A row as MongoDB keeps it: the id under `_id`. `endedBy` marks the call that ended it, so that this call knows its own. */
export type Stored<Row extends { id: string }> = Omit<Row, 'id'> & { _id: string; endedBy?: string };

export type Collections = {
  renders: mongo.Collection<Stored<RenderRow>>;
  logos: mongo.Collection<Stored<LogoRow>>;
  keys: mongo.Collection<Stored<KeyRow>>;
  idempotency: mongo.Collection<Omit<IdempotencyRow, 'scope'> & { _id: string }>;
  settings: mongo.Collection<{ _id: string; value: string }>;
};

type Index = { name: string; key: Record<string, 1> };

/** Which query each is for stands beside the query. None is unique or partial: nothing but `_id` decides what may be stored. */
export const indexes = {
  renders: [
    { name: 'by_tenant', key: { tenantId: 1, createdAt: 1, _id: 1 } },
    { name: 'by_tenant_and_status', key: { tenantId: 1, status: 1, createdAt: 1, _id: 1 } },
    { name: 'open', key: { status: 1, queuedAt: 1, _id: 1 } },
  ],
  logos: [
    { name: 'listed', key: { tenantId: 1, status: 1, deletedAt: 1, createdAt: 1, _id: 1 } },
    { name: 'open', key: { status: 1, queuedAt: 1, _id: 1 } },
  ],
  keys: [{ name: 'by_hash', key: { hash: 1 } }],
  idempotency: [],
  settings: [],
} as const satisfies Record<keyof Collections, readonly Index[]>;

/** Makes the indexes that are missing; any number of processes may do so at once. */
export async function ensureIndexes(db: mongo.Db): Promise<void> {
  for (const [name, specifications] of Object.entries(indexes)) {
    if (specifications.length > 0)
      await db.collection(name).createIndexes(specifications.map(({ name: index, key }) => ({ name: index, key })));
  }
}

export function storedOf<Row extends { id: string }>({ id, ...rest }: Row): Stored<Row> {
  return { _id: id, ...rest };
}

export function rowOf<Row extends { id: string }>({ _id, endedBy: _, ...rest }: Stored<Row>): Row {
  return { id: _id, ...rest } as unknown as Row;
}
