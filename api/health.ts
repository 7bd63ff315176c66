import type { ApiContext, ApiDeps } from './deps.ts';

/** A store that does not answer within this time counts as away. */
const patienceMs = 2000;

/** `/healthz`: the process lives. `/readyz`: what it needs answers, each by name. */
export function createHealthRoutes({
  database,
  objects,
  queues,
  log,
}: Pick<ApiDeps, 'database' | 'objects' | 'queues' | 'log'>) {
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

  return {
    alive(ctx: ApiContext): void {
      ctx.set('Cache-Control', 'no-store');
      ctx.body = { status: 'ok' };
    },

    async ready(ctx: ApiContext): Promise<void> {
      const [databaseAnswers, objectsAnswer] = await Promise.all([
        answers('database', () => database.ping()),
        answers('objectStore', () => objects.ping()),
      ]);
      const word = (isThere: boolean): 'ok' | 'unavailable' => (isThere ? 'ok' : 'unavailable');
      const checks = {
        database: word(databaseAnswers),
        queue: word(queues.state().reachable),
        objectStore: word(objectsAnswer),
      };
      const ready = Object.values(checks).every((check) => check === 'ok');
      ctx.status = ready ? 200 : 503;
      ctx.set('Cache-Control', 'no-store');
      if (!ready) ctx.set('Retry-After', '2');
      ctx.body = { status: word(ready), checks };
    },
  };
}
