import type { FieldChange } from '../../domain/field-changes.ts';
import type { Millis } from './database.ts';

/** Who changed what. It stays when what it is about goes. */
export type AuditRow = {
  id: string;
  /** Whose thing was changed. */
  tenantId: string;
  keyId: string;
  /** `code.update`, say. */
  action: string;
  objectId: string;
  changes: FieldChange[];
  requestId: string;
  createdAt: Millis;
};

export type AuditQuery = {
  /** Null: of all. */
  tenantId: string | null;
  action: string | null;
  objectId: string | null;
  /** The range includes `from`, not `to`. */
  from: Millis;
  to: Millis;
  /** 1…201 */
  limit: number;
  order: 'newest-first' | 'oldest-first';
  /** Continue behind this row, in the order asked for. */
  after: { createdAt: Millis; id: string } | null;
};

export interface AuditStore {
  /** Inserts those whose ids are not there, at most 500; durable when it returns. */
  insert(rows: AuditRow[]): Promise<void>;
  /** By `createdAt`, then id. */
  list(query: AuditQuery): Promise<AuditRow[]>;
  /** Removes at most `limit` rows made before `before`; answers how many. */
  purge(before: Millis, limit: number): Promise<number>;
}

/** The most selective thing that a query names: which index finds its rows. */
export function auditScope({ tenantId, action, objectId }: AuditQuery) {
  if (objectId !== null) return 'object';
  if (action !== null) return tenantId === null ? 'action' : 'tenantAndAction';
  return tenantId === null ? 'all' : 'tenant';
}
