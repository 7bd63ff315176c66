import type { ServerResponse } from 'node:http';
import { AppError, unavailable } from '../shared/errors.ts';

/** Tenants that may have as many listeners as they are allowed, all in one process. */
const tenantsAtOnce = 10;

/** Counts who listens to events in this process: each holds a connection and asks the database every second. */
export class EventListeners {
  readonly #perTenant: number;
  readonly #counts = new Map<string, number>();
  #total = 0;

  constructor(perTenant: number) {
    this.#perTenant = perTenant;
  }

  /**
   * Counts one more until its response is closed.
   *
   * @throws AppError `too-many` when the tenant has as many as it may have, `unavailable` when the process has
   */
  add(tenantId: string, response: ServerResponse): void {
    const count = this.#counts.get(tenantId) ?? 0;
    if (count >= this.#perTenant) {
      const detail = `${count} connections of this tenant listen to events, as many as may; close some, or poll the batch`;
      throw new AppError('too-many', 'too_many_listeners', detail, { retryAfterS: 10 });
    }
    if (this.#total >= this.#perTenant * tenantsAtOnce)
      throw unavailable('listeners_full', 'Too many connections listen to events; poll the batch', undefined, 10);
    this.#counts.set(tenantId, count + 1);
    this.#total++;
    response.once('close', () => this.#remove(tenantId));
  }

  #remove(tenantId: string): void {
    const left = (this.#counts.get(tenantId) ?? 1) - 1;
    if (left === 0) this.#counts.delete(tenantId);
    else this.#counts.set(tenantId, left);
    this.#total--;
  }
}
