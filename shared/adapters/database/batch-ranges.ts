import type { WorkStatus } from './database.ts';

/** Ids of a batch's rows and chunks lie between these two, for `.` comes before `/` and neither stands in a batch's id. */
export function idRange(batchId: string): [string, string] {
  return [`${batchId}.`, `${batchId}/`];
}

export const noRows: Record<WorkStatus, number> = { queued: 0, running: 0, completed: 0, failed: 0, cancelled: 0 };
