import type { ApiContext, ApiDeps } from './deps.ts';

/** A store that does not answer within this time counts as away. */
const patienceMs = 2000;

export type Checks = { database: boolean; queue: boolean; objectStore: boolean };

/** Returns what asks everything that is needed whether it is there, each by name. */
export function createChecks({
  database,
  objects,
  queues,
  log,
}: Pick<ApiDeps, 'database' | 'objects' | 'queues' | 'log'>): () => Promise<Checks> {
  const answers = async (name: string, ping: () => Promise<void>): Promise<boolean> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`No answer within ${patienceMs} ms`)), patienceMs);
    });
    try {
      await Promise.race([ping(), late]);
      return true;
    } catch (err) {
      log.warn({ err, store: name }, 'not ready');
      return false;
    } finally {
      clearTimeout(timer);
    }
  };
  return async () => {
    const [databaseAnswers, objectsAnswer] = await Promise.all([
      answers('database', () => database.ping()),
      answers('objectStore', () => objects.ping()),
    ]);
    return { database: databaseAnswers, queue: queues.state().reachable, objectStore: objectsAnswer };
  };
}

/** `/healthz`: the process lives. `/readyz`: what it needs answers, each by name. */
export function createHealthRoutes(deps: Pick<ApiDeps, 'database' | 'objects' | 'queues' | 'log'>) {
  const check = createChecks(deps);
  const word = (isThere: boolean): 'ok' | 'unavailable' => (isThere ? 'ok' : 'unavailable');

  return {
    alive(ctx: ApiContext): void {
      ctx.set('Cache-Control', 'no-store');
      ctx.body = { status: 'ok' };
    },

    async ready(ctx: ApiContext): Promise<void> {
      const { database, queue, objectStore } = await check();
      const ready = database && queue && objectStore;
      ctx.status = ready ? 200 : 503;
      ctx.set('Cache-Control', 'no-store');
      if (!ready) ctx.set('Retry-After', '2');
      const checks = { database: word(database), queue: word(queue), objectStore: word(objectStore) };
      ctx.body = { status: word(ready), checks };
    },
  };
}
