import type { Callback, EventType } from '../shared/contract/events.ts';

/** One event, as its outbox has it. */
export type Notice = {
  tenantId: string;
  type: EventType;
  /** See `eventIdOf`. */
  eventId: string;
  /** The render, batch or code that it tells of. */
  resourceId: string;
  /** As it is sent, see `messageBody`. */
  body: string;
  /** Who is told whatever the endpoints want. */
  callbacks: Callback[];
  /** Whether the tenant's endpoints are told, those that want it. */
  isForWebhooks: boolean;
  /** The request that led to it, for logs. */
  requestId?: string | null;
};

/** A page of what waits to be told. `clear` takes away the marks, once the deliveries are stored; what was marked anew stays. */
export type OutboxPage = { notices: Notice[]; clear: () => Promise<void>; hasMore: boolean };

/**
 * Where something that is to be told stands until its deliveries are stored: read, told, cleared, in this order, so that
 * a crash in between only does it again, under the same ids.
 */
export type Outbox = { name: string; read: (limit: number) => Promise<OutboxPage> };
