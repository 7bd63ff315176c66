import { readFile, writeFile } from 'node:fs/promises';

export type Watched = { name: string; pid: number };

/** Tells a service's processes apart by their command lines; `pids` as `descendants` answers them. */
export async function nameProcesses(pids: readonly number[]): Promise<Watched[]> {
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  let workers = 0;
  return pids.map((pid, index) => {
    const command = commands[index] ?? '';
    if (command.includes('child/main.js\0pool')) return { pid, name: `worker ${++workers}` };
    if (command.includes('child/main.js\0suspect')) return { pid, name: 'suspect worker' };
    if (command.includes('workers/main.js')) return { pid, name: 'pool' };
    if (command.includes('api/main.js')) return { pid, name: 'API' };
    return { pid, name: /redis|valkey/.test(command) ? 'Redis' : 'npm start' };
  });
}

/** Lets the kernel count each process's peak anew (proc_pid_clear_refs(5): 5 resets VmHWM). */
export async function forgetPeaks(watched: readonly Watched[]): Promise<void> {
  for (const { pid } of watched) await writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** The most memory that a process had resident since then (VmHWM), MB. */
export async function peakMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/** Processor time that a process has used, ms. */
export async function usedMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
