import type { Log } from '../shared/log.ts';
import type { ApiContext, ApiDeps } from './deps.ts';

/** A part that does not answer within this time counts as away. */
const patienceMs = 2000;

type Stores = Pick<ApiDeps, 'database' | 'objects' | 'queues' | 'log'>;
export type Checks = { database: boolean; queue: boolean; objectStore: boolean };

async function answers(part: string, ask: () => Promise<void>, log: Log): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${patienceMs} ms`)), patienceMs);
  });
  try {
    await Promise.race([ask(), late]);
    return true;
  } catch (err) {
    log.warn({ err, part }, 'not ready');
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** Returns what asks every store whether it is there, each by name. */
export function createChecks({ database, objects, queues, log }: Stores): () => Promise<Checks> {
  return async () => {
    const [databaseAnswers, objectsAnswer] = await Promise.all([
      answers('database', () => database.ping(), log),
      answers('objectStore', () => objects.ping(), log),
    ]);
    return { database: databaseAnswers, queue: queues.state().reachable, objectStore: objectsAnswer };
  };
}

type Word = 'ok' | 'unavailable' | 'unknown';
type Needs = Stores & Pick<ApiDeps, 'sharedCounts' | 'probeJournal'>;

/**
 * `/healthz`: the process lives. `/readyz`: what it needs to serve its callers is there, each part by name. Without a worker it
 * accepts work and redirects as ever, so a balancer may send requests: 200, `degraded`.
 */
export function createHealthRoutes(deps: Needs) {
  const { sharedCounts, probeJournal, log } = deps;
  const checkStores = createChecks(deps);
  const word = (isThere: boolean): Word => (isThere ? 'ok' : 'unavailable');

  /** Redis tells who works; while it is away nobody knows. */
  const workers = async (): Promise<Word> => {
    const heard = await sharedCounts.processes();
    return heard === null ? 'unknown' : word(heard.some(({ kind }) => kind !== 'suspect'));
  };
  const check = async () => {
    const [{ database, queue, objectStore }, working, canWrite] = await Promise.all([
      checkStores(),
      workers(),
      answers('journal', probeJournal, log),
    ]);
    const stores = { database: word(database), queue: word(queue), objectStore: word(objectStore) };
    return { ...stores, workers: queue ? working : ('unknown' as const), journal: word(canWrite) };
  };
  /** Anybody may ask: who does while one is being answered gets the same answer. */
  let checking: ReturnType<typeof check> | null = null;

  return {
    alive(ctx: ApiContext): void {
      ctx.set('Cache-Control', 'no-store');
      ctx.body = { status: 'ok' };
    },

    async ready(ctx: ApiContext): Promise<void> {
      checking ??= check().finally(() => {
        checking = null;
      });
      const checks = await checking;
      const { workers: working, ...ours } = checks;
      const ready = Object.values(ours).every((part) => part === 'ok');
      ctx.status = ready ? 200 : 503;
      ctx.set('Cache-Control', 'no-store');
      if (!ready) ctx.set('Retry-After', '2');
      ctx.body = { status: ready && working !== 'ok' ? 'degraded' : word(ready), checks };
    },
  };
}
