import { codeCodec } from './code-columns.ts';
import { byKey } from './sql-parts.ts';
import type { Statement } from './statements.ts';

const columns = codeCodec.names;
const placeholders = columns.map((_, index) => `?${index + 1}`);
const positionOf = (name: (typeof columns)[number]): string => `?${columns.indexOf(name) + 1}`;

/** The parameter behind the columns. */
const terms = `?${columns.length + 1}`;

/** Neither a change by its owner nor the roll-up touches these in another's way. */
const kept: readonly string[] = ['id', 'slug', 'createdAt', 'scanCount', 'lastScannedAt'];
const replaced = columns.filter((name) => !kept.includes(name));

/** A code's number: see the schema. */
const numberFrom = (createdAt: string): string => `max(cast(${createdAt} as integer) * 1048576,
  coalesce((select max(number) + 1 from codes where number < (cast(${createdAt} as integer) + 1) * 1048576), 0))`;

const targetColumns = 'version, target, targetFrom, targetBy';

export const codeStatements = {
  /* On conflict with an id, a slug, nothing else. */
  insert: byKey(`insert into codes (number, ${columns.join(', ')}, terms)
    values (${numberFrom(positionOf('createdAt'))}, ${placeholders.join(', ')}, ${terms}) on conflict do nothing`),
  /* The parameters of `insert`, so that both take a row in the same order. */
  replace: byKey(`update codes set ${replaced.map((name) => `${name} = ${positionOf(name)}`).join(', ')},
    terms = ${terms} where id = ?1 and revision = ${positionOf('revision')} - 1`),
  find: byKey(`select ${columns.join(', ')} from codes where id = ?1`),
  findBySlug: byKey(`select ${columns.join(', ')} from codes where slug = ?1`),
  earlierTargets: byKey(`select ${targetColumns} from code_targets where codeId = ?1 and version < ?2
    order by version desc limit ?3`),
  findTarget: byKey(`select ${targetColumns} from code_targets where codeId = ?1 and version = ?2`),
  setScanFacts: byKey(`update codes set scanCount = ?2, lastScannedAt = ?3
    where id = ?1 and (scanCount <> ?2 or lastScannedAt is not ?3)`),
  withLogo: {
    sql: `select id from codes where json_extract(imageOptions, '$.logo.id') = ?1 limit 1`,
    index: 'codes_by_logo',
  },
  idsWith: {
    sql: `select c.id from code_terms t cross join codes c on c.number = t.rowid where t.code_terms match ?1
      and t.rowid > coalesce((select number from codes where id = ?2), -1) order by t.rowid limit ?3`,
    index: 'code_terms',
  },
  countWith: {
    sql: 'select count(*) from (select 1 from code_terms where code_terms match ?1 limit ?2)',
    index: 'code_terms',
  },
} satisfies Record<string, Statement>;
