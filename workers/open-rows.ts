import type { WorkStatus } from '../shared/adapters/database/database.ts';

/** True while work waits or runs; what has ended is never run again under the same row. */
export function isOpen({ status }: { status: WorkStatus }): boolean {
  return status === 'queued' || status === 'running';
}
