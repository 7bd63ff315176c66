import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

const folders: string[] = [];

/**
 * Removes the folders of all services that ran, at the end of a bench: ext4 without a journal looks at every inode that was freed
 * in the last minute before it takes one, which made the files of a second round several times as dear as those of the first.
 */
export async function removeServiceFolders(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}

/** Runs `measure` against the whole embedded service in an empty folder. */
export async function withService<Result>(
  env: Record<string, string>,
  measure: (service: ServiceProcess) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'qrf-bench-'));
  folders.push(folder);
  const service = await startServiceProcess(folder, { LOG_LEVEL: 'warn', ...env });
  try {
    await service.ready();
    const result = await measure(service);
    await service.process.end('SIGTERM');
    return result;
  } catch (error) {
    console.error(service.process.lines.slice(-20).join('\n'));
    throw error;
  } finally {
    await service.destroy();
  }
}
