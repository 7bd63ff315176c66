import { join } from 'node:path';
import { runService } from '../shared/run-service.ts';
import { startPool } from './pool.ts';

await runService(process, {
  role: 'workers',
  part: 'workers',
  graceMs: 15_000,
  start: (service) => startPool(service, { childEntry: join(import.meta.dirname, 'child/main.js'), env: process.env }),
});
