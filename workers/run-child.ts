import { runService } from '../shared/run-service.ts';
import { showLife } from './health.ts';
import type { WorkerKind } from './job-lanes.ts';
import type { DrawRender } from './render-one.ts';
import { runWorkerProcess } from './worker-process.ts';

/**
 * Runs one process of the pool; its kind is the first argument, `pool` or `suspect`, the second how many in its place ended before,
 * the third `stands-by` when it is to keep free of batch work while single renders come.
 *
 * @param options.draw draws instead of `drawRender`: for tests whose drawing crashes its process
 */
export async function runChild(host: NodeJS.Process, { draw }: { draw?: DrawRender }): Promise<void> {
  const [, , kindName, restarts = 0, standsBy] = host.argv;
  const kind: WorkerKind = kindName === 'suspect' ? 'suspect' : 'pool';
  await runService(host, {
    role: 'workers',
    part: kind === 'suspect' ? 'suspect-worker' : 'worker',
    logIsBuffered: true,
    graceMs: 11_000,
    start: async (service) => {
      service.releases.defer('sign of life', showLife(host));
      await runWorkerProcess(service, { kind, restarts: Number(restarts), standsBy: standsBy === 'stands-by', draw });
      return {};
    },
  });
}
