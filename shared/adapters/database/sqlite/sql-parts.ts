import type { Statement } from './statements.ts';

/** A statement that finds its row by the primary key. */
export const byKey = (sql: string): Statement => ({ sql, index: null });

/** Column names as a list for SQL. */
export const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

const placeholders = ({ length }: readonly string[]): string =>
  Array.from({ length }, (_, index) => `?${index + 1}`).join(', ');

/** Inserts a row unless one with its key is there; its parameters are in the order of `names`. */
export const insertOf = (table: string, names: readonly string[], key: string): Statement =>
  byKey(`insert into ${table} (${quoted(names)}) values (${placeholders(names)}) on conflict (${key}) do nothing`);

/** Compare-and-set: takes the same parameters as the insert, and the row's last revision stands at `revision - 1`. */
export const replaceOf = (table: string, names: readonly string[], key: string): Statement => {
  const at = (name: string): string => `?${names.indexOf(name) + 1}`;
  const sets = names.map((name) => `"${name}" = ${at(name)}`).join(', ');
  return byKey(`update ${table} set ${sets} where ${key} = ${at(key)} and revision = ${at('revision')} - 1`);
};
