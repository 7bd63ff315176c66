import type { Batch } from './batch-store.ts';
import type { BatchPurge } from './purge-store.ts';

/** The methods of a batch store that keep the records of batches, in either database. */
export type RecordMethods =
  | 'accept'
  | 'find'
  | 'findMany'
  | 'list'
  | 'replace'
  | 'toBeTold'
  | 'listOpen'
  | keyof BatchPurge<Batch>;

/** Those that keep their rows. */
export type RowMethods =
  | 'insertRows'
  | 'lastRow'
  | 'findRow'
  | 'findRows'
  | 'listRows'
  | 'countRows'
  | 'startRows'
  | 'retryRows'
  | 'countRowStart'
  | 'finishRows'
  | 'cancelRows';
