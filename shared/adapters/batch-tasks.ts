import { randomUUID } from 'node:crypto';
import type { Log } from '../log.ts';
import type { Batch, BatchChunk, BatchStore, BatchTask } from './database/batch-store.ts';
import type { NewJob, Queues } from './queues.ts';

/** So many chunks of one tenant are on the queue at once: each of its lanes carries one, and goes to the end of the queue behind it. */
const lanesPerTenant = 2;

/** What a task is, before a job carries it. */
export type TaskFacts = Omit<BatchTask, 'jobId' | 'queuedAt'>;

type OfBatch = Pick<Batch, 'id' | 'tenantId'>;

export const parseTask = ({ id, tenantId }: OfBatch): TaskFacts => ({
  id: `parse-${id}`,
  kind: 'parse-batch',
  tenantId,
  batchId: id,
  about: null,
});

export const retryTask = ({ id, tenantId }: OfBatch): TaskFacts => ({
  id: `retry-${id}`,
  kind: 'retry-batch',
  tenantId,
  batchId: id,
  about: null,
});

export const endTask = ({ id, tenantId }: OfBatch): TaskFacts => ({
  id: `end-${id}`,
  kind: 'end-batch',
  tenantId,
  batchId: id,
  about: null,
});

/** @param part 1, 2 … */
export const zipTask = ({ id, tenantId }: OfBatch, part: number): TaskFacts => ({
  id: `zip-${part}-${id}`,
  kind: 'zip-part',
  tenantId,
  batchId: id,
  about: String(part),
});

/** @param lane 1…lanesPerTenant */
const laneTask = (tenantId: string, lane: number): TaskFacts => ({
  id: `rows-${lane}-${tenantId}`,
  kind: 'render-rows',
  tenantId,
  batchId: null,
  about: String(lane),
});

export const suspectTask = ({ id, batchId, tenantId }: BatchChunk): TaskFacts => ({
  id: `suspect-${id}`,
  kind: 'render-suspect-rows',
  tenantId,
  batchId,
  about: id,
});

/** Returns the job that carries a task; its name is the task's kind. */
export function jobOfTask({ kind, id, jobId }: Pick<BatchTask, 'kind' | 'id' | 'jobId'>): NewJob {
  return { name: kind, payload: { taskId: id }, jobId };
}

/** Gives a task a job of its own. */
export function taskWithJob(facts: TaskFacts, now: number): BatchTask {
  return { ...facts, jobId: `b-${randomUUID()}`, queuedAt: now };
}

export type TaskDeps = {
  database: { batches: Pick<BatchStore, 'findTask' | 'openTask' | 'hasWaitingChunk'> };
  queues: Pick<Queues, 'add'>;
  log: Log;
  now: () => number;
};

/** Adds the job of an open task. One that cannot be added now is the sweeper's. */
export async function addTaskJob({ queues, log }: Pick<TaskDeps, 'queues' | 'log'>, task: BatchTask): Promise<void> {
  try {
    await queues.add([jobOfTask(task)]);
  } catch (err) {
    log.warn({ err, taskId: task.id }, 'job not enqueued; the sweeper will');
  }
}

/** Opens a task and adds its job, unless it is open already. */
export async function startTask(deps: TaskDeps, facts: TaskFacts): Promise<void> {
  const { batches } = deps.database;
  // Looking is cheap, writing is not; whoever closes a task looks again whether there is work left for it.
  if ((await batches.findTask(facts.id)) !== null) return;
  const task = taskWithJob(facts, deps.now());
  if (await batches.openTask(task)) await addTaskJob(deps, task);
}

/** Starts the tenant's lanes that rest. */
export async function wakeLanes(deps: TaskDeps, tenantId: string): Promise<void> {
  for (let lane = 1; lane <= lanesPerTenant; lane++) await startTask(deps, laneTask(tenantId, lane));
}
