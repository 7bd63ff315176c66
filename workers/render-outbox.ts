import type { RenderEnd, RenderToTell } from '../shared/adapters/database/webhook-store.ts';
import { eventIdOf, messageBody } from '../shared/contract/events.ts';
import { renderAnswer } from '../shared/contract/show-render.ts';
import type { WorkDeps } from './handlers.ts';
import type { Notice, Outbox } from './outbox.ts';

/** What renders have to tell: their ends, as they were, even if a render was started anew since. */
export function createRenderOutbox({
  database,
  publicUrl,
}: Pick<WorkDeps, 'publicUrl'> & { database: Pick<WorkDeps['database'], 'renders'> }): Outbox {
  return {
    name: 'renders',
    async read(limit) {
      const rows = await database.renders.toTell(limit);
      return {
        notices: rows.flatMap(({ row, ends }) => ends.map((end) => noticeOf(row, end, publicUrl))),
        clear: () => database.renders.told(rows),
        hasMore: rows.length === limit,
      };
    },
  };
}

function noticeOf(row: RenderToTell['row'], end: RenderEnd, publicUrl: string): Notice {
  const { status, at, result, error, callbacks, isForWebhooks } = end;
  const type = status === 'completed' ? 'render.completed' : 'render.failed';
  const data = renderAnswer({ ...row, status, result, error, completedAt: at }, { publicUrl });
  const { object, id, symbol, image, createdAt, completedAt } = data;
  // Content that JSON writes with many escapes can be longer than a message.
  const brief = { object, id, status, symbol, image, error, createdAt, completedAt };
  return {
    tenantId: row.tenantId,
    type,
    eventId: eventIdOf(type, row.id, at),
    resourceId: row.id,
    body: messageBody({ type, at, data }, brief),
    callbacks,
    isForWebhooks,
    requestId: row.requestId,
  };
}
