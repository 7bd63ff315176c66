import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What the threads of a process have used so far, ms: the first (where JavaScript answers requests), and all together. */
export type CpuTimes = { main: number; all: number };

export async function cpuTimes(pid: number): Promise<CpuTimes> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(
    tasks.map(
      async (task) => Number((await readFile(`/proc/${pid}/task/${task}/schedstat`, 'utf8')).split(' ')[0]) / 1e6,
    ),
  );
  const main = times[tasks.indexOf(String(pid))] as number;
  return { main, all: times.reduce((sum, time) => sum + time, 0) };
}

/** Resident memory of a process, MB. */
export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/** What lies below a folder, MB. */
export async function folderMb(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((name) => name.isFile());
  const sizes = await Promise.all(
    files.map(({ parentPath, name }) => stat(join(parentPath, name)).then(({ size }) => size)),
  );
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1024 / 1024);
}
