import { canonicalJson } from './identity.ts';

/** One field that was changed: what it was and is. */
export type FieldChange = { field: string; before: unknown; after: unknown };

const mostCharacters = 200;

/** A value as it is kept on record: long ones are cut, so that no record grows large. */
function shown(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'string') return value.length <= mostCharacters ? value : `${value.slice(0, mostCharacters)}…`;
  const text = JSON.stringify(value);
  return text.length <= mostCharacters ? value : `${text.slice(0, mostCharacters)}…`;
}

/** Returns how two shapes of one thing differ, by these fields alone: whoever names them says that they hold no secret. */
export function fieldChanges<Row extends object>(
  before: Partial<Row> | null,
  after: Partial<Row>,
  fields: readonly (keyof Row & string)[],
): FieldChange[] {
  return fields
    .map((field) => ({ field, before: before?.[field] ?? null, after: after[field] ?? null }))
    .filter((change) => canonicalJson(change.before) !== canonicalJson(change.after))
    .map(({ field, before, after }) => ({ field, before: shown(before), after: shown(after) }));
}
