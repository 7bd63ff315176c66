import { runService } from '../shared/run-service.ts';
import { startApi } from './start-api.ts';

await runService(process, { role: 'api', part: 'api', logIsBuffered: true, graceMs: 10_000, start: startApi });
