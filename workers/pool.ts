import { forkService } from '../shared/fork-service.ts';
import type { Service } from '../shared/run-service.ts';
import { Supervised } from '../shared/supervise.ts';
import { killSilent } from './health.ts';

/** Longer than a child's own grace, so that SIGKILL is for those that hang. */
const childGraceMs = 12_000;

/** A worker may be busy for as long as this without a sign of life; a suspect's process for less: it is expected to hang. */
const silentMs = { pool: 120_000, suspect: 30_000 } as const;

/** A suspect that crashes its process three times in a row is to be found out within seconds, not minutes. */
const suspectBackoff = { firstMs: 500, maxMs: 1000 };

/** MB, several times what a worker needs: with a limit of gigabytes V8 lets garbage grow to hundreds of MB. */
const heapLimit = '--max-old-space-size=512';

type ChildKind = keyof typeof silentMs;

/**
 * Starts the pool: `config.workers.processes` workers and one process for suspects, each supervised; ready when all are.
 *
 * @param options.childEntry the compiled file that calls `runChild`
 */
export async function startPool(
  { config, log, releases }: Pick<Service, 'config' | 'log' | 'releases'>,
  { childEntry, env }: { childEntry: string; env: NodeJS.ProcessEnv },
): Promise<Record<string, unknown>> {
  const { processes } = config.workers;
  const start = (name: string, kind: ChildKind, standsBy = false) => {
    /** Starts since one was ready: each but the first is a restart that nobody has counted yet. */
    let untold = -1;
    return new Supervised({
      name,
      log,
      ...(kind === 'suspect' && { backoff: suspectBackoff }),
      launch: () => {
        untold++;
        const args = [kind, String(untold), ...(standsBy ? ['stands-by'] : [])];
        const launched = forkService({
          entry: childEntry,
          // Without the limit glibc keeps an arena of freed pixels for each thread of sharp's.
          env: { MALLOC_ARENA_MAX: '2', ...env },
          args,
          nodeFlags: [heapLimit],
        });
        launched.ready.then(
          () => {
            untold = 0;
          },
          () => undefined, // the supervisor says so
        );
        killSilent(launched.child, { name, silentMs: silentMs[kind], log });
        return launched;
      },
    });
  };
  // The last of several stands by for single renders.
  const children = Array.from({ length: processes }, (_, index) =>
    start(`worker ${index + 1}`, 'pool', index > 0 && index === processes - 1),
  );
  children.push(start('suspect worker', 'suspect'));
  releases.defer('worker processes', async () => {
    await Promise.all(children.map((child) => child.stop(childGraceMs)));
  });
  const working = Promise.all(children.map(({ ready }) => ready));
  await working;
  log.info({ processes, concurrency: config.workers.concurrency }, 'working');
  return {};
}
