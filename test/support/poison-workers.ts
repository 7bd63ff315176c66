import { join } from 'node:path';
import { runService } from '../../shared/run-service.ts';
import { startPool } from '../../workers/pool.ts';

/** The worker pool as it is, but for a drawing that some content crashes. */
await runService(process, {
  role: 'workers',
  part: 'workers',
  graceMs: 15_000,
  start: (service) =>
    startPool(service, { childEntry: join(import.meta.dirname, 'poison-child.js'), env: process.env }),
});
