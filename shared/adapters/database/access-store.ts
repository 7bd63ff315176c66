import type { Role, TenantStatus } from '../../domain/access.ts';
import type { Millis, Page } from './database.ts';

export type KeyRow = {
  id: string;
  tenantId: string;
  name: string;
  role: Role;
  /** SHA-256 of the key, hex. */
  hash: string;
  /** The key before the last rotation, which works until `previousUntil`. */
  previousHash: string | null;
  previousUntil: Millis | null;
  expiresAt: Millis | null;
  /** To about a minute. */
  lastUsedAt: Millis | null;
  createdAt: Millis;
};

/** A key that the configuration names. */
type GivenKey = Pick<KeyRow, 'id' | 'tenantId' | 'name' | 'role' | 'hash' | 'createdAt'>;

export type ListedPage = Omit<Page, 'status'>;

export interface KeyStore {
  /** The row of a key, or of the one before its last rotation, hot; the caller looks at times. */
  findByHash(hash: string): Promise<KeyRow | null>;
  find(id: string): Promise<KeyRow | null>;
  /** False when the id is there already. */
  insert(key: KeyRow): Promise<boolean>;
  /** Inserts, or replaces by id and leaves when it was made and used: the bootstrap key follows the configuration. */
  put(key: GivenKey): Promise<void>;
  /** Newest or oldest first by `createdAt`, then id. */
  list(tenantId: string, page: ListedPage): Promise<KeyRow[]>;
  /** Puts `hash` in the place of `from`, which works on until `previousUntil`; false when the key is not `from` any more. */
  rotate(id: string, change: { from: string; hash: string; previousUntil: Millis }): Promise<boolean>;
  /** Notes when keys were used last. */
  touch(ids: string[], at: Millis): Promise<void>;
  /** True when it was there. */
  remove(tenantId: string, id: string): Promise<boolean>;
}

/** What a tenant may have done on a UTC day; null: as much as the configuration says, 0: as much as it likes. */
export type Quotas = { rendersPerDay: number | null; batchRowsPerDay: number | null };

/** Those of a tenant that has none of its own. */
export const noQuotas: Quotas = { rendersPerDay: null, batchRowsPerDay: null };

export type TenantRow = {
  id: string;
  name: string;
  status: TenantStatus;
  quotas: Quotas;
  /** Counts changes, from 1. */
  revision: number;
  createdAt: Millis;
  updatedAt: Millis;
};

export interface TenantStore {
  find(id: string): Promise<TenantRow | null>;
  /** False when the id is there already. */
  insert(tenant: TenantRow): Promise<boolean>;
  /** Replaces the revision before; false when that is not what stands there. */
  replace(next: TenantRow): Promise<boolean>;
  list(page: ListedPage): Promise<TenantRow[]>;
  /** Ids of all that are suspended, at most 10,000. */
  suspended(): Promise<string[]>;
}
