import type { Batch, BatchChunk, BatchRow, BatchTask } from '../batch-store.ts';
import { rowCodec } from './columns.ts';
import { byKey, quoted } from './sql-parts.ts';
import type { Statement } from './statements.ts';

export const batchCodec = rowCodec<Batch>({
  id: 'plain',
  tenantId: 'plain',
  name: 'plain',
  mode: 'plain',
  status: 'plain',
  file: 'json',
  shared: 'json',
  callback: 'json',
  createdBy: 'plain',
  requestId: 'plain',
  run: 'plain',
  endedBefore: 'plain',
  isParsed: 'flag',
  cancelledAt: 'plain',
  parts: 'json',
  archive: 'json',
  error: 'json',
  untold: 'json',
  toBeTold: 'flag',
  createdAt: 'plain',
  startedAt: 'plain',
  completedAt: 'plain',
  expiresAt: 'plain',
  finalCounts: 'json',
  purgedAt: 'plain',
  revision: 'plain',
});

export const batchRowCodec = rowCodec<BatchRow>({
  id: 'plain',
  batchId: 'plain',
  row: 'plain',
  line: 'plain',
  name: 'plain',
  file: 'plain',
  status: 'plain',
  input: 'json',
  extra: 'json',
  run: 'plain',
  starts: 'plain',
  codeId: 'plain',
  shortUrl: 'plain',
  result: 'json',
  error: 'json',
  completedAt: 'plain',
});

export const batchChunkCodec = rowCodec<BatchChunk>({
  id: 'plain',
  batchId: 'plain',
  tenantId: 'plain',
  rows: 'json',
  run: 'plain',
  status: 'plain',
  lane: 'plain',
});

export const batchTaskCodec = rowCodec<BatchTask>({
  id: 'plain',
  kind: 'plain',
  tenantId: 'plain',
  batchId: 'plain',
  about: 'plain',
  jobId: 'plain',
  queuedAt: 'plain',
});

function insertOf(table: string, names: readonly string[]): Statement {
  const values = names.map((_, index) => `?${index + 1}`).join(', ');
  return byKey(`insert into ${table} (${quoted(names)}) values (${values}) on conflict do nothing`);
}

const { names: batchNames } = batchCodec;
const batchColumns = quoted(batchNames);
const positionOf = (name: (typeof batchNames)[number]): string => `?${batchNames.indexOf(name) + 1}`;

const listBatches = (status: 'any' | 'one', order: 'asc' | 'desc'): Statement => ({
  sql: `select ${batchColumns} from batches where tenantId = ?1 and ${status === 'one' ? 'status = ?5 and ' : ''}
    (createdAt, id) ${order === 'asc' ? '>' : '<'} (?2, ?3) order by createdAt ${order}, id ${order} limit ?4`,
  index: status === 'one' ? 'batches_by_tenant_and_status' : 'batches_by_tenant',
});

export const batchStatements = {
  insert: insertOf('batches', batchNames),
  find: byKey(`select ${batchColumns} from batches where id = ?1`),
  /* The parameters of `insert`. */
  replace: byKey(`update batches set ${batchNames.map((name) => `"${name}" = ${positionOf(name)}`).join(', ')}
    where id = ?1 and revision = ${positionOf('revision')} - 1`),
  newestFirst: listBatches('any', 'desc'),
  oldestFirst: listBatches('any', 'asc'),
  newestFirstOfStatus: listBatches('one', 'desc'),
  oldestFirstOfStatus: listBatches('one', 'asc'),
  toBeTold: {
    sql: `select ${batchColumns} from batches where toBeTold = 1 and id > ?1 order by id limit ?2`,
    index: 'batches_to_tell',
  },
  listOpen: {
    sql: `select ${batchColumns} from batches where status in ('queued', 'running') and id > ?1 order by id limit ?2`,
    index: 'batches_open',
  },
  walk: byKey(`select ${batchColumns} from batches where id > ?1 order by id limit ?2`),
  expired: {
    sql: `select ${batchColumns} from batches where expiresAt < ?1 and purgedAt is null order by expiresAt limit ?2`,
    index: 'batches_expiring',
  },
  purged: {
    sql: 'select id from batches where purgedAt < ?1 order by purgedAt limit ?2',
    index: 'batches_purged',
  },
  remove: byKey('delete from batches where id = ?1'),
} satisfies Record<string, Statement>;

const rowColumns = quoted(batchRowCodec.names);
const open = `status in ('queued', 'running')`;
const failedBefore = `status = 'failed' and run < ?2 and input is not null`;

export const batchRowStatements = {
  insert: insertOf('batch_rows', batchRowCodec.names),
  find: byKey(`select ${rowColumns} from batch_rows where id = ?1`),
  last: byKey('select id, "row" from batch_rows where id > ?1 and id < ?2 order by id desc limit 1'),
  list: byKey(`select ${rowColumns} from batch_rows where id > ?1 and id < ?2 order by id limit ?3`),
  listOfStatus: {
    sql: `select ${rowColumns} from batch_rows where batchId = ?1 and status = ?2 and id > ?3 order by id limit ?4`,
    index: 'batch_rows_by_status',
  },
  count: {
    sql: 'select status, count(*) from batch_rows where batchId = ?1 group by status',
    index: 'batch_rows_by_status',
  },
  start: byKey(`update batch_rows set status = 'running', run = ?2, error = null, completedAt = null
    where id = ?1 and (status = 'queued' or (${failedBefore}))`),
  retry: byKey(`update batch_rows set status = 'queued', run = ?2, error = null, starts = 0, completedAt = null
    where id = ?1 and ${failedBefore}`),
  countStart: byKey(`update batch_rows set status = 'running', starts = starts + 1 where id = ?1 and ${open}`),
  finish: byKey(`update batch_rows set status = ?2, codeId = coalesce(?3, codeId), shortUrl = coalesce(?4, shortUrl),
    result = ?5, error = ?6, completedAt = ?7 where id = ?1 and ${open}`),
  cancel: byKey(`update batch_rows set status = 'cancelled', completedAt = ?2 where id = ?1 and ${open}`),
  remove: byKey('delete from batch_rows where id = ?1'),
} satisfies Record<string, Statement>;

const chunkColumns = quoted(batchChunkCodec.names);

export const batchChunkStatements = {
  insert: insertOf('batch_chunks', batchChunkCodec.names),
  find: byKey(`select ${chunkColumns} from batch_chunks where id = ?1`),
  firstWaiting: {
    sql: `select ${chunkColumns} from batch_chunks where tenantId = ?1 and status = 'waiting' order by id limit 1`,
    index: 'batch_chunks_by_tenant',
  },
  /* A tenant has as many running ones as lanes. */
  ofLane: {
    sql: `select ${chunkColumns} from batch_chunks where tenantId = ?1 and status = 'running' and lane = ?2 limit 1`,
    index: 'batch_chunks_by_tenant',
  },
  claim: byKey(`update batch_chunks set status = 'running', lane = ?2 where id = ?1 and status = 'waiting'`),
  move: byKey('update batch_chunks set status = ?3, lane = null where id = ?1 and status = ?2'),
  open: {
    sql: `select id from batch_chunks where batchId = ?1 and status <> 'ended' limit 1`,
    index: 'batch_chunks_open',
  },
  list: byKey('select id from batch_chunks where id > ?1 and id < ?2 limit ?3'),
  remove: byKey('delete from batch_chunks where id = ?1'),
} satisfies Record<string, Statement>;

const taskColumns = quoted(batchTaskCodec.names);

export const batchTaskStatements = {
  insert: insertOf('batch_tasks', batchTaskCodec.names),
  find: byKey(`select ${taskColumns} from batch_tasks where id = ?1`),
  pass: byKey('update batch_tasks set jobId = ?3, queuedAt = ?4 where id = ?1 and jobId = ?2'),
  ofBatch: { sql: 'select batchId from batch_tasks where batchId = ?1 limit 1', index: 'batch_tasks_of_batch' },
  close: byKey('delete from batch_tasks where id = ?1 and jobId = ?2'),
  open: {
    sql: `select ${taskColumns} from batch_tasks where queuedAt < ?1 and (queuedAt, id) > (?2, ?3)
      order by queuedAt, id limit ?4`,
    index: 'batch_tasks_open',
  },
} satisfies Record<string, Statement>;
