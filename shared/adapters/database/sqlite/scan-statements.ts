import { bucketMs, dayMs, parts } from '../../../domain/scans/roll-up.ts';
import type { ScanRow } from '../scan-store.ts';
import { rowCodec } from './columns.ts';
import { byKey } from './sql-parts.ts';
import type { Statement } from './statements.ts';

export const scanCodec = rowCodec<ScanRow>({
  id: 'plain',
  tenantId: 'plain',
  codeId: 'plain',
  at: 'plain',
  version: 'plain',
  fallbackTarget: 'plain',
  source: 'plain',
  country: 'plain',
  city: 'plain',
  visitor: 'plain',
  device: 'plain',
  system: 'plain',
  browser: 'plain',
  referrer: 'plain',
  language: 'plain',
  bot: 'flag',
});

const columns = scanCodec.names.join(', ');
const values = scanCodec.names.map((_, index) => `?${index + 1}`).join(', ');

/* Few scans differ in these from what is asked for most, so no index has them. */
const asAskedFor = '(?6 is null or bot = ?6) and (?7 is null or source = ?7)';

const listOf = (order: 'asc' | 'desc'): Statement =>
  byKey(`select ${columns} from scans where codeId = ?1 and at >= ?2 and at < ?3
    and (at, id) ${order === 'asc' ? '>' : '<'} (?4, ?5) and ${asAskedFor} order by at ${order}, id ${order} limit ?8`);

/*
 * A visitor may be a monitor that scans one code all day: of each part, which the index has before the time, only the time asked for is
 * read. Left to itself SQLite goes through all scans of the code in that time: it takes a range for more than a visitor.
 */
const partRows = parts.map(({ bot, source }) => `(${bot ? 1 : 0}, ${source === null ? 'null' : `'${source}'`})`);
const eachPart = `(values ${partRows.join(', ')}) as part`;
const scansOfPart = 'scans indexed by scans_by_visitor';
const ofPart = 'bot = part.column1 and source is part.column2';

export const scanStatements = {
  insert: byKey(`insert into scans (${columns}) values (${values}) on conflict (codeId, at, id) do nothing`),
  newestFirst: listOf('desc'),
  oldestFirst: listOf('asc'),
  betweenOfTenant: {
    sql: `select ${columns} from scans where tenantId = ?1 and at < ?2 and (at, id) > (?3, ?4) order by at, id limit ?5`,
    index: 'scans_by_tenant',
  },
  codesOfTenant: {
    sql: 'select distinct codeId from scans where tenantId = ?1 and at >= ?2 and at < ?3',
    index: 'scans_by_tenant',
  },
  visitorBetween: {
    sql: `select ?1, column1, column2 from ${eachPart} where exists (select 1 from ${scansOfPart}
      where visitor = ?1 and codeId = ?2 and ${ofPart} and at >= ?3 and at < ?4)`,
    index: 'scans_by_visitor',
  },
  nextCode: byKey('select codeId, tenantId from scans where codeId > ?1 order by codeId limit 1'),
  nextTenant: {
    sql: 'select tenantId from scans where tenantId > ?1 order by tenantId limit 1',
    index: 'scans_by_tenant',
  },
  oldestOfTenant: {
    sql: 'select codeId, at, id from scans where tenantId = ?1 and at < ?2 order by at limit ?3',
    index: 'scans_by_tenant',
  },
  remove: byKey('delete from scans where codeId = ?1 and at = ?2 and id = ?3'),
} satisfies Record<string, Statement>;

/* A bucket that is marked again keeps its place in line, and its new stamp tells the mark from the one that is being served. */
const remark = 'on conflict (codeId, start) do update set stamp = excluded.stamp';
const markColumns = 'codeId, tenantId, start, stamp';

export const markStatements = {
  mark: byKey(`insert into scan_marks (codeId, start, tenantId, stamp, since) values (?1, ?2, ?3, ?4, ?5) ${remark}`),
  /** Marks the later buckets on its UTC day of a visitor who has a scan in the bucket ?2. */
  markLater: {
    sql: `insert into scan_marks (codeId, start, tenantId, stamp, since)
    select codeId, at - at % ${bucketMs}, tenantId, ?4, ?5 from ${eachPart} cross join ${scansOfPart}
    where visitor = ?3 and codeId = ?1 and ${ofPart} and at >= ?2 + ${bucketMs}
      and at < ?2 - ?2 % ${dayMs} + ${dayMs} ${remark}`,
    index: 'scans_by_visitor',
  },
  oldest: {
    sql: `select ${markColumns} from scan_marks where since >= 0 order by since, codeId, start limit ?1`,
    index: 'scan_marks_oldest',
  },
  ofCode: byKey(`select ${markColumns} from scan_marks where codeId = ?1 and start >= ?2 and start < ?3`),
  ofTenant: {
    sql: `select ${markColumns} from scan_marks where tenantId = ?1 and start >= ?2 and start < ?3`,
    index: 'scan_marks_by_tenant',
  },
  clear: byKey('delete from scan_marks where codeId = ?1 and start = ?2 and stamp = ?3'),
} satisfies Record<string, Statement>;

export const segmentStatements = {
  note: byKey('insert into scan_segments (id, recordedAt) values (?1, ?2) on conflict (id) do nothing'),
  find: byKey('select id from scan_segments where id = ?1'),
  forget: byKey('delete from scan_segments where id = ?1'),
  forgetBefore: { sql: 'delete from scan_segments where recordedAt < ?1', index: 'scan_segments_by_time' },
} satisfies Record<string, Statement>;

const dayColumns = 'day, revision, counts, breakdowns';

function dayStatements(table: 'scan_days' | 'tenant_scan_days', owner: 'codeId' | 'tenantId') {
  return {
    find: byKey(`select ${dayColumns} from ${table} where ${owner} = ?1 and day = ?2`),
    list: byKey(`select ${dayColumns} from ${table} where ${owner} = ?1 and day > ?2 order by day limit ?3`),
    counts: byKey(`select day, counts from ${table} where ${owner} = ?1 and day >= ?2 and day < ?3`),
    revisions: byKey(`select day, revision, scanCount from ${table} where ${owner} = ?1 and day >= ?2 and day < ?3`),
    /* Of a day from ?4 to ?5 the total is all that is wanted; a tenant's breakdowns may be two megabytes beside it. */
    breakdowns: byKey(`select day, case when total is null or day < ?4 or day > ?5 then breakdowns end, total
      from ${table} where ${owner} = ?1 and day >= ?2 and day < ?3`),
    replace: byKey(`update ${table} set revision = ?3 + 1, scanCount = ?4, lastAt = ?5, counts = ?6, total = ?7,
      breakdowns = ?8 where ${owner} = ?1 and day = ?2 and revision = ?3`),
  } satisfies Record<string, Statement>;
}

export const codeDayStatements = {
  ...dayStatements('scan_days', 'codeId'),
  insert: byKey(`insert into scan_days (codeId, day, revision, scanCount, lastAt, counts, total, breakdowns, tenantId)
    values (?1, ?2, ?3 + 1, ?4, ?5, ?6, ?7, ?8, ?9) on conflict (codeId, day) do nothing`),
  total: byKey('select ?1, total(scanCount), max(lastAt) from scan_days where codeId = ?1'),
  nextCode: byKey('select codeId, tenantId from scan_days where codeId > ?1 order by codeId limit 1'),
} satisfies Record<string, Statement>;

export const tenantDayStatements = {
  ...dayStatements('tenant_scan_days', 'tenantId'),
  insert: byKey(`insert into tenant_scan_days (tenantId, day, revision, scanCount, lastAt, counts, total, breakdowns)
    values (?1, ?2, ?3 + 1, ?4, ?5, ?6, ?7, ?8) on conflict (tenantId, day) do nothing`),
} satisfies Record<string, Statement>;

export const spanStatements = {
  states: byKey('select span, days, revisions from scan_spans where owner = ?1 and span >= ?2 and span < ?3'),
  total: byKey('select total from scan_spans where owner = ?1 and span = ?2'),
  keep: byKey(`insert into scan_spans (owner, span, days, revisions, total) values (?1, ?2, ?3, ?4, ?5)
    on conflict (owner, span) do update set days = excluded.days, revisions = excluded.revisions, total = excluded.total`),
} satisfies Record<string, Statement>;

export const ledgerStatements = {
  /* Times are RFC 3339 in UTC, so the greater text is the later time. */
  closeBefore: byKey(`insert into settings (name, value) values (?1, ?2)
    on conflict (name) do update set value = max(value, excluded.value)`),
} satisfies Record<string, Statement>;
