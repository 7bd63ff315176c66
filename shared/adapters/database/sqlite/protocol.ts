import type { SqlValue } from './columns.ts';
import type { FoldName, FoldRange, FoldResults } from './folds.ts';

/**
 * One call's part of a transaction: for each set of parameters `sql` is run; when it changed nothing, `otherwise` with the
 * same set; then `read` (its only parameter is the first of the set), always or when `sql` changed nothing.
 */
export type Write = {
  sql: string;
  parameters: SqlValue[][];
  otherwise?: string;
  read?: { sql: string; when: 'always' | 'unchanged' };
  /** Power loss may undo it: whoever wrote it can do so again. Default: synced to disk when the call returns. */
  undurable?: true;
};

/** Of what can be made again: the next write that waits for the disk takes it there too, and nobody else's waits meanwhile. */
export const unsynced = { undurable: true } as const;

/** One call's writes: all of them happen, or none. */
export type Call = Write[];

/** For each set of parameters: how many rows `sql` changed, and what was read. */
export type WriteResult = { changes: number[]; rows: (SqlValue[] | null)[] };

/** What is left of an error once it crossed from the thread. */
export type Failure = { message: string; code: string; rawCode: number | null };

export type Settled<Value> = { value: Value } | { failure: Failure };

export type Request =
  | { kind: 'write'; calls: Call[] }
  | { kind: 'read'; sql: string; parameters: SqlValue[] }
  /** Reads once for each set of parameters, which answers what all of them found. */
  | { kind: 'read-each'; sql: string; parameters: SqlValue[][] }
  /** Likewise, for what is too much to be carried to the other thread: it answers the rows added up, see folds.ts. */
  | { kind: 'fold'; sql: string; parameters: SqlValue[][]; fold: FoldName; range: FoldRange }
  | { kind: 'close' };

export type AnswerTo = {
  write: Settled<WriteResult[]>[];
  read: SqlValue[][];
  'read-each': SqlValue[][];
  fold: FoldResults[FoldName];
  close: null;
};

export type ToThread = { id: number; request: Request };

/** `ready` comes first, once, when the file is open and migrated. */
export type FromThread =
  | { kind: 'ready' }
  | { kind: 'broken'; failure: Failure }
  /** Went wrong, but failed no call. */
  | { kind: 'trouble'; failure: Failure }
  | { kind: 'answer'; id: number; answer: Settled<AnswerTo[Request['kind']]> };
