import type { NewJob } from '../../shared/adapters/queues.ts';
import type { WorkDeps } from '../handlers.ts';
import { dayMs } from './purge-deps.ts';

const hourMs = 60 * 60 * 1000;

/** Adds the purges at the start and every hour, that of orphans once a day, one between all processes. Returns how to stop it. */
export function startPurging({ queues, log, now }: Pick<WorkDeps, 'queues' | 'log' | 'now'>): () => void {
  let lastDay = -1;
  const add = (): void => {
    const [hour, day] = [Math.floor(now() / hourMs), Math.floor(now() / dayMs)];
    const jobs: NewJob[] = [
      { name: 'purge-scans', payload: {}, jobId: `purge-scans-${hour}` },
      { name: 'purge', payload: {}, jobId: `purge-${hour}` },
    ];
    if (day !== lastDay) jobs.push({ name: 'purge-orphans', payload: { after: null }, jobId: `purge-orphans-${day}` });
    queues
      .add(jobs)
      .then(() => {
        lastDay = day;
      })
      .catch((err: unknown) => log.warn({ err }, 'no purge could be queued this time'));
  };
  add();
  const timer = setInterval(add, hourMs);
  return () => clearInterval(timer);
}
