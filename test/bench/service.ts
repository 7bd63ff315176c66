import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

/** Runs `measure` against the whole embedded service in an empty folder, which is removed afterwards. */
export async function withService<Result>(
  env: Record<string, string>,
  measure: (service: ServiceProcess) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'qrf-bench-'));
  const service = await startServiceProcess(folder, { LOG_LEVEL: 'warn', ...env });
  try {
    await service.ready();
    const result = await measure(service);
    await service.process.end('SIGTERM');
    return result;
  } finally {
    await service.destroy();
    await rm(folder, { recursive: true, force: true });
  }
}
