import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { KoaAdapter } from '@bull-board/koa';
import type { BoardQueue } from '../shared/adapters/board-queues.ts';
import type { QueueName } from '../shared/contract/jobs.ts';
import { AppError, unavailable } from '../shared/errors.ts';
import type { ApiDeps, ApiMiddleware } from './deps.ts';
import { bodyTooLarge } from './middleware/read-body.ts';

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
 * What the board could do and does not offer. Some would go past the rows that jobs are made of: rewriting and adding jobs, and
 * putting one off for as long as one likes. Others would hold a queue up, or stop it, where nothing shows it: no page, gauge or alert.
 */
const refusedRoutes: ReadonlySet<string> = new Set([
  '/api/queues/:queueName/add',
  '/api/queues/:queueName/:jobId/update-data',
  '/api/queues/:queueName/:jobId/delay',
  '/api/queues/:queueName/rate-limit',
  '/api/queues/:queueName/concurrency',
]);

/** What its parser of bodies reads at most. */
const boardBodyBytes = 1024 * 1024;

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
            return {
              allow: false,
              message: 'This is not changed here: jobs are made from rows, and workers are configured',
            };
        },
      },
    },
  });
  const board = serverAdapter.registerPlugin({ mount: paths.mount }) as unknown as ApiMiddleware;

  return async (ctx) => {
    if (ctx.path.startsWith(`${paths.mount}/api/`) && !queues.state().reachable)
      throw unavailable('queue_unavailable', 'The queue does not answer at present: try again shortly');
    const route = ctx._matchedRoute;
    let isTaken = true;
    // What it does not know is told here: thrown further down, it would be caught by the board and answered with 500.
    const onAbsent = async (): Promise<void> => {
      isTaken = false;
    };
    try {
      await board(ctx, onAbsent);
    } catch (error) {
      throw unreadBody(error) ?? error;
    } finally {
      ctx._matchedRoute = route; // the board's own router leaves its own there
    }
    if (!isTaken && ctx.status === 404)
      throw new AppError('not-found', 'not_found', 'There is nothing under this path');
  };
}

/** What the board's parser of bodies throws, as ours would; null when that is not what went wrong. */
function unreadBody(error: unknown): AppError | null {
  const { status } = error as { status?: unknown };
  if (status === 413) return bodyTooLarge(boardBodyBytes);
  if (typeof status !== 'number' || status < 400 || status > 499) return null;
  return new AppError('malformed', 'malformed_json', 'The body is not valid JSON');
}

function adapterOf(queue: BoardQueue): BullMQAdapter {
  const name = queue.name as QueueName;
  const adapter = new BullMQAdapter(queue, { readOnlyMode: name === 'maintenance', description: descriptions[name] });
  // Visitors are nobody's business, not even an operator's.
  if (name === 'scans')
    adapter.setFormatter('data', ({ segmentId, events }) => ({ segmentId, events: events?.length }));
  return adapter;
}
