import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { batchCounts } from '../shared/adapters/batch-counts.ts';
import { isOver } from '../shared/adapters/change-batch.ts';
import type { Batch } from '../shared/adapters/database/batch-store.ts';
import { batchAnswer } from '../shared/adapters/show-batch.ts';
import { AppError } from '../shared/errors.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { EventListeners } from './event-listeners.ts';
import { findOwnBatch } from './find-own-batch.ts';

/** Progress is counted at most so often for a batch in a process, however many listen. */
const everyMs = 1000;
/** A line that says nothing, so that nobody in between takes the connection for dead. */
const heartbeatMs = 15_000;
/** A listener is let go after this time and comes back by itself. */
const longestMs = 10 * 60_000;

/** `id` is what a listener that comes back says it knows. */
type Progress = { id: string; revision: number; data: string; isOver: boolean };

type Listener = {
  /** The last id that it knows. */
  known: string;
  stopped: AbortSignal;
  /** Whether the key is good still: a connection outlives it by no more than another call would. */
  isLetIn: () => Promise<boolean>;
};

/** `GET /v1/batches/:id/events`: server-sent events, `progress` with the batch as it stands and a last `end`. */
export function createBatchEventsRoute(deps: ApiDeps) {
  const { queues } = deps;
  const progressOf = createProgress(deps);
  const listeners = new EventListeners(deps.config.limits.eventListeners);
  const wakers = new Map<string, Set<() => void>>();
  queues.onEnded((ids) => {
    for (const id of ids) for (const wake of wakers.get(id) ?? []) wake();
  });

  /** Waits a second, or until the batch's end is announced. */
  const rest = async (id: string, stopped: AbortSignal): Promise<void> => {
    if (stopped.aborted) return;
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    const others = wakers.get(id) ?? new Set();
    wakers.set(id, others.add(wake));
    // Not by AbortSignal.any: until the process stops Node 20 keeps some 50 bytes of each that hangs on a signal of the process.
    stopped.addEventListener('abort', wake);
    try {
      await delay(everyMs, undefined, { signal: woken.signal }).catch(() => undefined);
    } finally {
      stopped.removeEventListener('abort', wake);
      others.delete(wake);
      if (others.size === 0) wakers.delete(id);
    }
    if (woken.signal.aborted) progressOf.forget(id);
  };

  async function* events({ id, revision }: Batch, { known, stopped, isLetIn }: Listener): AsyncGenerator<string, void> {
    let last = known;
    let saidAt = performance.now();
    const until = saidAt + longestMs;
    yield 'retry: 1000\n\n';
    while (!stopped.aborted && performance.now() < until) {
      if (!(await isLetIn())) return;
      const progress = await progressOf.find(id, revision).catch(away);
      if (progress === null) return;
      if (progress === 'away') {
        await rest(id, stopped);
        continue;
      }
      if (progress.id !== last) {
        last = progress.id;
        saidAt = performance.now();
        yield `id: ${progress.id}\nevent: progress\ndata: ${progress.data}\n\n`;
      } else if (performance.now() - saidAt > heartbeatMs) {
        saidAt = performance.now();
        yield ': still here\n\n';
      }
      if (progress.isOver) {
        yield `id: end\nevent: end\ndata: ${progress.data}\n\n`;
        return;
      }
      await rest(id, stopped);
    }
  }

  return async (ctx: ApiContext): Promise<void> => {
    const batch = await findOwnBatch(deps, ctx);
    const known = ctx.get('Last-Event-ID');
    ctx.set('Cache-Control', 'no-store');
    if (known === 'end' && isOver(batch)) {
      ctx.status = 204; // tells an EventSource that it need not come back
      return;
    }
    if (ctx.method !== 'HEAD') listeners.add(ctx.state.tenantId, ctx.res);
    const gone = new AbortController();
    ctx.res.once('close', () => gone.abort());
    ctx.set('X-Accel-Buffering', 'no');
    ctx.type = 'text/event-stream';
    ctx.status = 200;
    const stopped = AbortSignal.any([gone.signal, deps.ending]);
    const isLetIn = ctx.state.isStillGood ?? (async () => true);
    if (ctx.method !== 'HEAD') ctx.body = Readable.from(events(batch, { known, stopped, isLetIn }));
    ctx.type = 'text/event-stream';
  };
}

/** A database that does not answer for a while breaks no connection: what changed meanwhile is told afterwards. */
function away(error: unknown): 'away' {
  if (error instanceof AppError && error.kind === 'unavailable') return 'away';
  throw error;
}

function createProgress({ config, database, now }: Pick<ApiDeps, 'config' | 'database' | 'now'>) {
  const { batches } = database;
  const recent = new LRUCache<string, Promise<Progress | null>>({ max: 1000, ttl: everyMs });

  const count = async (id: string): Promise<Progress | null> => {
    const batch = await batches.find(id);
    if (batch === null) return null;
    const counts = await batchCounts(batches, batch);
    const shown = batchAnswer(batch, { counts, publicUrl: config.publicUrl, now: now() });
    const { total: _, ...byStatus } = shown.counts;
    return {
      id: [batch.revision, ...Object.values(byStatus)].join('.'),
      revision: batch.revision,
      data: JSON.stringify(shown),
      isOver: isOver(batch),
    };
  };

  return {
    /** As it stands, or stood within a second, but not before `revision`: a batch that was over may have been retried since. */
    async find(id: string, revision: number): Promise<Progress | null> {
      const known = await recent.get(id);
      if (known && known.revision >= revision) return known;
      const counted = count(id);
      counted.catch(() => recent.delete(id));
      recent.set(id, counted);
      return counted;
    },
    forget: (id: string): void => void recent.delete(id),
  };
}
