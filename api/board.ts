import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { KoaAdapter } from '@bull-board/koa';
import type { BoardQueue } from '../shared/adapters/board-queues.ts';
import type { QueueName } from '../shared/contract/jobs.ts';
import { unavailable } from '../shared/errors.ts';
import type { ApiDeps, ApiMiddleware } from './deps.ts';

/** What each queue does, for whoever looks at it at night. */
const descriptions: Record<QueueName, string> = {
  renders: 'Draws single renders',
  logos: 'Decodes uploaded logos',
  suspect: 'Runs again, alone, what stalled before',
  maintenance: 'Puts back what lost its job; nothing can be changed here, as all other queues are mended by it',
  scans: 'Writes scans to the ledger',
  'roll-ups': 'Counts scans',
  events: 'Makes deliveries of what is to be told',
  webhooks: 'Calls webhooks',
  batches: 'Reads, zips and ends batches',
  'batch-rows': 'Draws the rows of batches',
};

/**
 * What the board could do and does not offer, as it would go past the rows that jobs are made of: rewriting and adding jobs, and
 * putting one off for as long as one likes.
 */
const refusedRoutes: ReadonlySet<string> = new Set([
  '/api/queues/:queueName/add',
  '/api/queues/:queueName/:jobId/update-data',
  '/api/queues/:queueName/:jobId/delay',
]);

/**
 * Bull Board over every queue. Its buttons lose no accepted work: rows hold the truth, and the sweeps put back what was removed.
 *
 * @param paths.mount where it stands here
 * @param paths.base where a browser sees it
 */
export function createBoard(
  { boardQueues, queues }: Pick<ApiDeps, 'boardQueues' | 'queues'>,
  paths: { mount: string; base: string },
): ApiMiddleware {
  const serverAdapter = new KoaAdapter();
  serverAdapter.setBasePath(paths.base);
  createBullBoard({
    queues: boardQueues.map(adapterOf),
    serverAdapter,
    options: {
      uiConfig: {
        boardTitle: 'QRFactory',
        hideDocsLink: true,
        miscLinks: [{ text: 'Sign out', url: `${paths.base}/sign-out` }],
      },
      handlerHooks: {
        before: ({ route }) => {
          if (refusedRoutes.has(route))
            return { allow: false, message: 'Jobs are made from rows and changed only there' };
        },
      },
    },
  });
  const board = serverAdapter.registerPlugin({ mount: paths.mount }) as unknown as ApiMiddleware;

  return async (ctx, next) => {
    if (ctx.path.startsWith(`${paths.mount}/api/`) && !queues.state().reachable)
      throw unavailable('queue_unavailable', 'The queue does not answer at present: try again shortly');
    const route = ctx._matchedRoute;
    await board(ctx, next);
    ctx._matchedRoute = route; // the board's own router leaves its own there
  };
}

function adapterOf(queue: BoardQueue): BullMQAdapter {
  const name = queue.name as QueueName;
  const adapter = new BullMQAdapter(queue, { readOnlyMode: name === 'maintenance', description: descriptions[name] });
  // Visitors are nobody's business, not even an operator's.
  if (name === 'scans')
    adapter.setFormatter('data', ({ segmentId, events }) => ({ segmentId, events: events?.length }));
  return adapter;
}
