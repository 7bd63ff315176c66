import type { CsvLayout } from '../../contract/batch-columns.ts';
import type { Callback } from '../../contract/events.ts';
import type { RowInput } from '../../contract/row-input.ts';
import type { BatchMode } from '../../domain/batches/batch-mode.ts';
import type { WorkError } from '../../errors.ts';
import type { Millis, Page, WorkStatus } from './database.ts';
import type { BatchPurge } from './purge-store.ts';

/*
 * A batch is its record, its data rows, and what is to be done about them:
 *
 *   Batch       the record; changed only by `replace`, compare-and-set by `revision`
 *   BatchRow    one data row of the file; counts are always counted from these
 *   BatchChunk  up to 200 rows that are drawn in one go
 *   BatchTask   a piece of work that is carried by one job: the sweeper puts open tasks without a live job back on their queue
 *
 * Record and openings of tasks are durable when the call returns. Rows and chunks follow from the file: power loss may take their
 * latest changes back, and all that came behind them, but none that a durable write came behind.
 *
 * Ids are strings in the order of time and number (batch-ids.ts): the first open chunk of a tenant is the next to be drawn.
 */

/** One ZIP of the archive; its object's key follows from batch, run and part. */
export type ArchivePart = {
  /** 1, 2 … */
  part: number;
  sizeBytes: number;
  /** Hex. */
  sha256: string;
  firstRow: number;
  lastRow: number;
};

/** One end of a batch, as it stood then; its event's id follows from batch, status and time (events.ts). */
export type BatchEnd = {
  status: 'completed' | 'failed' | 'cancelled';
  at: Millis;
  /** Ends from before these were noted have none: they are told as the batch stands. */
  asItWas?: Pick<Batch, 'startedAt' | 'archive' | 'expiresAt' | 'error'> & { counts: Record<WorkStatus, number> };
};

export type Batch = {
  id: string;
  tenantId: string;
  name: string | null;
  mode: BatchMode;
  /** `queued`: stored; `running`: from its parsing on; then ended. */
  status: WorkStatus;
  /** The file as it was stored; `rowCount`: its data rows. */
  file: { sizeBytes: number; sha256: string; rowCount: number; layout: CsvLayout };
  /** What the request gave every row as a default: canonical field names, values as texts. */
  shared: Record<string, string>;
  /** Who is called at the end of every run, each end under an id of its own; named by `callbackUrl`; null: nobody but the endpoints. */
  callback: Callback | null;
  /** Id of the key that made it; retargeted codes name it in their history. */
  createdBy: string;
  /** The request that made it, for logs. */
  requestId: string | null;
  /** 1, and one more with each retry: whatever is told about the end is told about a run. */
  run: number;
  /** Rows that ended in earlier runs and stay so; all of them until the retry has counted, which it does before it puts a row back. */
  endedBefore: number;
  /** All rows and chunks of this run are in the tables. */
  isParsed: boolean;
  /** A cancelled batch runs until its rows have ended. */
  cancelledAt: Millis | null;
  /** Parts of this run that are made, by number; the rows of each have all ended. */
  parts: ArchivePart[];
  /** Null until every part of this run is made. */
  archive: ArchivePart[] | null;
  /** Why the batch as a whole failed. */
  error: WorkError | null;
  /** The outbox: ends of runs that are not yet told, added by the write that ends the run, removed when they are told. */
  untold: BatchEnd[];
  /** Whether `untold` has any: what the relay finds it by. */
  toBeTold: boolean;
  createdAt: Millis;
  startedAt: Millis | null;
  completedAt: Millis | null;
  /** When it and all its objects may go; null while it runs. */
  expiresAt: Millis | null;
  /** What its rows came to, noted before they are removed; null: counted from the rows. From then on nothing but the purge changes it. */
  finalCounts: Record<WorkStatus, number> | null;
  /** When the purge had removed its objects, rows and chunks; the record stays for a while. */
  purgedAt: Millis | null;
  /** Counts changes of the record: 1, 2 … */
  revision: number;
};

/** Where a row's image lies: within the object that `batchPieceKey(batch, piece)` names. */
export type RowResult = {
  piece: string;
  offset: number;
  sizeBytes: number;
  /** Hex. */
  sha256: string;
};

export type BatchRow = {
  /** batchRowId(batch, row) */
  id: string;
  batchId: string;
  /** Counts data rows from 1. */
  row: number;
  /** Where the row begins in the file. */
  line: number;
  name: string | null;
  /** Flat, given once in the batch; null when the row makes no image. */
  file: string | null;
  status: WorkStatus;
  /** What is to be made; null: the row could not be read, `error` says why. */
  input: RowInput | null;
  /** Columns that are no fields of the row, as they came: name and value, in the file's order. */
  extra: [name: string, value: string][];
  /** The run that it ended in or is to be made in. */
  run: number;
  /** Starts counted as a suspect. */
  starts: number;
  codeId: string | null;
  shortUrl: string | null;
  /** Null for rows without an image and until completed. */
  result: RowResult | null;
  error: WorkError | null;
  completedAt: Millis | null;
};

export type RowOutcome = {
  row: number;
  at: Millis;
  codeId: string | null;
  shortUrl: string | null;
} & ({ result: RowResult | null; error: null } | { result: null; error: WorkError });

/** `waiting` to be claimed by a lane, `running` there, `suspect`: its job stalled and its rows run one at a time, `ended`. */
type ChunkStatus = 'waiting' | 'running' | 'suspect' | 'ended';

export type BatchChunk = {
  /** batchChunkId(batch, number) */
  id: string;
  batchId: string;
  tenantId: string;
  /** Numbers of its rows, ascending. */
  rows: number[];
  run: number;
  status: ChunkStatus;
  /** The lane that claimed it: id of its task. */
  lane: string | null;
};

const taskKinds = [
  'parse-batch',
  'retry-batch',
  'render-rows',
  'render-suspect-rows',
  'zip-part',
  'end-batch',
] as const;
/** Names of the jobs that carry tasks. */
type TaskKind = (typeof taskKinds)[number];

/** What is to be done, and the job that carries it now. A task that is done is closed, and may be opened again. */
export type BatchTask = {
  /** Made by batch-tasks.ts from its kind and what it is about. */
  id: string;
  kind: TaskKind;
  tenantId: string;
  /** Null for a tenant's lane. */
  batchId: string | null;
  /** Id of the chunk of suspect rows, or the number of a lane or part as text; null elsewhere. */
  about: string | null;
  jobId: string;
  queuedAt: Millis;
};

export interface BatchStore extends BatchPurge<Batch> {
  /** Inserts the record and opens its first task; leaves both as they are when they are there. Durable when it returns. */
  accept(batch: Batch, task: BatchTask): Promise<void>;
  /** Point look-up by id; the caller compares tenants. */
  find(id: string): Promise<Batch | null>;
  findMany(ids: string[]): Promise<Batch[]>;
  /** Newest or oldest first by `createdAt`, then id. */
  list(tenantId: string, page: Page): Promise<Batch[]>;
  /** Puts `next` in the place of the record that has revision `next.revision - 1`; true when it did. Durable. */
  replace(next: Batch): Promise<boolean>;
  /** Records that are to be told, by id, behind `after`. */
  toBeTold(page: { limit: number; after: string | null }): Promise<Batch[]>;
  /** Queued and running batches, by id, behind `after`. */
  listOpen(page: { limit: number; after: string | null }): Promise<Batch[]>;

  /** Inserts rows, at most 500; those that are there stay as they are. */
  insertRows(rows: BatchRow[]): Promise<void>;
  /** The highest row that is there, 0 for none. Rows up to 500 before it may be missing when an insert was cut off. */
  lastRow(batchId: string): Promise<number>;
  findRow(batchId: string, row: number): Promise<BatchRow | null>;
  /** Those that exist, in the order of rows. */
  findRows(batchId: string, rows: number[]): Promise<BatchRow[]>;
  /** In the order of rows, behind row `after` (0: from the first). */
  listRows(batchId: string, page: { status: WorkStatus | null; after: number; limit: number }): Promise<BatchRow[]>;
  /** Counted from the rows that are in the table, by an index. */
  countRows(batchId: string): Promise<Record<WorkStatus, number>>;
  /** Marks rows as running: queued ones, and failed ones of an earlier run. */
  startRows(batchId: string, rows: number[], run: number): Promise<void>;
  /** Puts failed rows of an earlier run back to queued, in this run; those that could not be read stay failed. */
  retryRows(batchId: string, rows: number[], run: number): Promise<void>;
  /** Counts a start of one open row as a suspect, durably before it runs; answers the count, 0 when it is not open. */
  countRowStart(batchId: string, row: number): Promise<number>;
  /** Ends rows that are still open, all in one write. */
  finishRows(batchId: string, outcomes: RowOutcome[]): Promise<void>;
  /** Cancels open rows of a batch, in a status, at most `limit`; answers how many. */
  cancelRows(batchId: string, query: { status: 'queued' | 'running'; limit: number; now: Millis }): Promise<number>;

  /** Inserts chunks; those that are there stay as they are. */
  insertChunks(chunks: BatchChunk[]): Promise<void>;
  findChunk(id: string): Promise<BatchChunk | null>;
  /** The chunk that this lane has claimed and not ended, or else claims the tenant's first that waits; null: none waits. */
  claimChunk(tenantId: string, lane: string): Promise<BatchChunk | null>;
  /** The chunk that this lane has claimed and not ended. */
  chunkOf(tenantId: string, lane: string): Promise<BatchChunk | null>;
  hasWaitingChunk(tenantId: string): Promise<boolean>;
  /** Sets a chunk's status when it stands at `from`; true when it did. Leaving `running` frees the lane. */
  moveChunk(id: string, from: ChunkStatus, to: ChunkStatus): Promise<boolean>;
  /** Whether a chunk of the batch has not ended. */
  hasOpenChunk(batchId: string): Promise<boolean>;

  /** Opens a task unless it is open; true when this call did it: then the caller adds the job. Durable. */
  openTask(task: BatchTask): Promise<boolean>;
  findTask(id: string): Promise<BatchTask | null>;
  /** Gives an open task that `from` carries to another job; true when this call did it. */
  passTask(id: string, jobIds: { from: string; to: string }, now: Millis): Promise<boolean>;
  /** Closes a task that this job carries; true when it did. */
  closeTask(id: string, jobId: string): Promise<boolean>;
  /** Those of these batches that have open tasks of their own; a tenant's lanes are nobody's own. */
  withTasks(batchIds: string[]): Promise<Set<string>>;
  /** Open tasks queued before `before`, oldest first, behind `after`. */
  openTasks(query: {
    before: Millis;
    limit: number;
    after: { queuedAt: Millis; id: string } | null;
  }): Promise<BatchTask[]>;
}
