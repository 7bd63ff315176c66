import { randomUUID } from 'node:crypto';
import type { LogoRow, RenderRow } from '../shared/adapters/database/database.ts';
import type { NewJob } from '../shared/adapters/queues.ts';
import type { WorkError } from '../shared/errors.ts';
import type { WorkDeps } from './handlers.ts';

/** A suspect may take its process down this often; then it has failed. */
export const maxStarts = 3;

export const renderCrashed: WorkError = {
  code: 'render_crashed',
  detail: 'Drawing this crashed its process three times',
  pointer: null,
};

export const logoCrashed: WorkError = {
  code: 'logo_crashed',
  detail: 'Decoding this logo crashed its process three times',
  pointer: null,
};

type SuspectDeps = Pick<WorkDeps, 'database' | 'queues' | 'log' | 'now'>;

/** Returns a new id of a suspect's job; each try gets its own, since the queue ignores an id that it still remembers. */
export function suspectJobId(id: string): string {
  return `suspect-${id}-${randomUUID().slice(0, 8)}`;
}

/**
 * Marks open renders as suspects, durably, then queues each on its own. May run twice: rows that are suspects already are
 * queued again under the job that they name, which the queue ignores while that one lives.
 */
export async function setAsideRenders({ database, queues, log, now }: SuspectDeps, open: RenderRow[]): Promise<void> {
  await setAside({ store: database.renders, queues, log, now }, open, ({ id, jobId }) => ({
    name: 'render-suspect',
    payload: { renderId: id },
    jobId,
  }));
}

/** Marks an open logo as a suspect and queues its check, likewise. */
export async function setAsideLogos({ database, queues, log, now }: SuspectDeps, open: LogoRow[]): Promise<void> {
  await setAside({ store: database.logos, queues, log, now }, open, ({ id, jobId }) => ({
    name: 'check-suspect-logo',
    payload: { logoId: id },
    jobId,
  }));
}

type Suspect = { id: string; jobId: string; suspect: boolean };

async function setAside(
  {
    store,
    queues,
    log,
    now,
  }: Pick<WorkDeps, 'queues' | 'log' | 'now'> & {
    store: { requeue(rows: Suspect[], now: number): Promise<void> };
  },
  open: Suspect[],
  jobOf: (suspect: Suspect) => NewJob,
): Promise<void> {
  if (open.length === 0) return;
  const fresh = open.filter((row) => !row.suspect);
  const marked = fresh.map(({ id }) => ({ id, jobId: suspectJobId(id), suspect: true }));
  if (marked.length > 0) await store.requeue(marked, now());
  const suspects = [...open.filter((row) => row.suspect), ...marked];
  await queues.add(suspects.map(jobOf));
  log.warn({ ids: suspects.map(({ id }) => id) }, 'a job stalled: what it left open runs alone from now on');
}
