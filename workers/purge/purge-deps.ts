import type { WorkDeps } from '../handlers.ts';

export const dayMs = 86_400_000;

export type PurgedThing =
  | 'batches'
  | 'batch records'
  | 'images'
  | 'renders'
  | 'logos'
  | 'idempotency records'
  | 'records of changes'
  | 'days of use'
  | 'orphaned objects'
  | 'unfinished uploads';

/** What the purge works with, in a worker and in the command of operators. */
export type PurgeDeps = Pick<WorkDeps, 'objects' | 'now' | 'imageKeepDays' | 'auditKeepDays' | 'usageKeepDays'> & {
  database: Pick<WorkDeps['database'], 'renders' | 'logos' | 'codes' | 'batches' | 'idempotency' | 'audit' | 'usage'>;
  /** Hears what is gone, some at a time. */
  onPurged: (what: PurgedThing, count: number) => void;
};

/** Removes what is due; false when `hasTime` said no before all was done: the rest is found again. */
export type PurgeStep = (deps: PurgeDeps, hasTime: () => boolean) => Promise<boolean>;

/** Removes page by page until one is not full. */
export async function everyPage(
  pageSize: number,
  hasTime: () => boolean,
  purgePage: (limit: number) => Promise<number>,
): Promise<boolean> {
  while ((await purgePage(pageSize)) === pageSize) if (!hasTime()) return false;
  return true;
}
