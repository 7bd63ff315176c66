import { isDeepStrictEqual } from 'node:util';
import { unavailable } from '../../errors.ts';
import type { Millis } from './database.ts';
import type { WebhookRow, WebhookStore } from './webhook-store.ts';

const maxRounds = 20;

export type WebhookChange = Partial<Omit<WebhookRow, 'id' | 'tenantId' | 'revision' | 'createdAt' | 'updatedAt'>>;

/**
 * Changes a webhook by compare-and-set: `change` sees the row as it stands and returns what is new, or null to leave it alone;
 * it may be asked again. What is as it was before is not written. Answers the row as it stands then; null when there is none.
 */
export async function changeWebhook(
  store: Pick<WebhookStore, 'find' | 'replace'>,
  id: string,
  now: Millis,
  change: (row: WebhookRow) => WebhookChange | null,
): Promise<WebhookRow | null> {
  for (let round = 0; round < maxRounds; round++) {
    const row = await store.find(id);
    if (row === null) return null;
    const changed = change(row);
    if (changed === null || isDeepStrictEqual({ ...row, ...changed }, row)) return row;
    const next: WebhookRow = { ...row, ...changed, revision: row.revision + 1, updatedAt: now };
    if (await store.replace(next)) return next;
  }
  throw unavailable('database_unavailable', `A webhook changed in ${maxRounds} tries to change it`);
}
