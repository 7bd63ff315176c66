import type { BatchMode } from '../domain/batches/batch-mode.ts';
import type { RenderSpec } from '../domain/render-spec.ts';
import type { TargetRules } from '../domain/target-rules.ts';
import { targetProblem } from '../domain/target-rules.ts';
import { AppError, type WorkError } from '../errors.ts';
import { listTexts, tableValue } from './batch-cells.ts';
import type { CsvLayout } from './batch-columns.ts';
import { parseCodeRequest } from './code-request.ts';
import { contentFieldsOf, isContentType, listFields, mainFields, tellingFields } from './flat-fields.ts';
import type { ImageOptions } from './image-options.ts';
import { specFields } from './render-query.ts';
import { readRenderRequest } from './render-request.ts';
import { inBody, invalidRequest, type Place, type Problem } from './zod-problems.ts';

/** What a row asks for, checked but for what only stores and symbols know. */
export type RowInput =
  | { mode: 'static'; spec: RenderSpec }
  | {
      mode: 'dynamic';
      target: string;
      /** Null: one that follows from batch and row. */
      slug: string | null;
      title: string | null;
      tags: string[];
      externalId: string | null;
      options: ImageOptions;
    }
  | { mode: 'retarget'; code: { id: string } | { slug: string }; target: string };

/** `error` is null exactly when `input` is there. */
export type ReadRow = {
  name: string | null;
  /** As it stands in the file. */
  file: string | null;
  extra: [name: string, value: string][];
  input: RowInput | null;
  error: WorkError | null;
};

export type RowRules = {
  mode: BatchMode;
  layout: CsvLayout;
  shared: Readonly<Record<string, string>>;
  targets: TargetRules;
  /** Milliseconds since 1970. */
  now: number;
};

/** A row as texts by field; absent: no cell, or an empty one. A list field may have several. */
type Cells = Map<string, string[]>;

const logoFields: ReadonlyMap<string, string> = new Map([
  ['logoId', 'id'],
  ['logoRatio', 'ratio'],
]);
const codeOnly = ['slug', 'target', 'codeTitle', 'codeTags', 'externalId'];

/** A table has no body to decode a logo from. */
const noInlineLogo = { logoBytes: 0 };

const mostNameCharacters = 200;

/**
 * Reads one data row: its cells, and the request's shared fields where it has none of its own. Fields that the row's kind does
 * not have, and columns that nobody knows, are `extra`.
 *
 * @throws nothing for what stands in a row: that is its `error`, which names the column, what came and what is accepted
 */
export function readBatchRow(record: readonly string[], rules: RowRules): ReadRow {
  const { layout } = rules;
  const cells: Cells = new Map();
  const extra: ReadRow['extra'] = [];
  const columns = layout.columns.map(({ name, field }, index) => ({ name, field, value: record[index] ?? '' }));
  for (const { field, value } of columns) {
    if (field !== null && value.trim() !== '') cells.set(field, [...(cells.get(field) ?? []), value]);
  }
  const known = knownFields(cells, rules);
  for (const { name, field, value } of columns) if (field === null || !known.has(field)) extra.push([name, value]);
  const surplus = surplusOf(record, layout);
  extra.push(...surplus);
  const name = cells.get('name')?.[0]?.trim().slice(0, mostNameCharacters) ?? null;
  const file = cells.get('file')?.[0] ?? null;
  try {
    if (surplus.length > 0) throw tooManyCells(surplus, layout);
    return { name, file, extra, input: readInput(cells, rules), error: null };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { name, file, extra, input: null, error: rowErrorOf(error) };
  }
}

/** What stands behind the last column: a cell that holds the delimiter was not quoted, and which one cannot be told. */
function surplusOf(record: readonly string[], { columns }: CsvLayout): ReadRow['extra'] {
  return record
    .slice(columns.length)
    .map((value, index): [string, string] => [`column ${columns.length + index + 1}`, value])
    .filter(([, value]) => value.trim() !== '');
}

function tooManyCells(surplus: ReadRow['extra'], { columns, delimiter }: CsvLayout): AppError {
  const accepted = `empty, as the file has ${columns.length} columns: a cell that holds ${delimiter === '\t' ? 'a tab' : delimiter} must stand in quotes`;
  const [column = '', came] = surplus[0] ?? [];
  return wrong(column, { code: 'too_many_cells', accepted }, came);
}

/** Returns why a row failed, by the first thing that is wrong with it; its field is named by a pointer to the column's field. */
export function rowErrorOf({ code, message, details }: AppError): WorkError {
  const [first] = details;
  if (first === undefined) return { code, detail: message, pointer: null };
  const pointer =
    first.pointer === null ? (first.name === null ? null : `/${first.name}`) : columnPointer(first.pointer);
  return { code: first.code, detail: details.map(({ detail }) => detail).join(' '), pointer };
}

/** A spec's fields lie deeper than the columns that they came from. */
function columnPointer(pointer: string): string {
  const named = pointer.replace('/logo/id', '/logoId').replace('/logo/ratio', '/logoRatio').replace('/content/', '/');
  return named === '/content' ? '/data' : named;
}

function typeOf(cells: Cells, { shared, layout }: RowRules): string {
  const given = cells.get('type')?.[0] ?? shared.type;
  if (given !== undefined) return String(tableValue('type', given));
  const telling = tellingFields.find(([field]) => cells.has(field)) ?? tellingFields.find(([field]) => field in shared);
  const fallback = tellingFields.find(([field]) => layout.columns.some((column) => column.field === field));
  return (telling ?? fallback ?? tellingFields[0])[1];
}

/** The fields that this row's kind has; other columns of these names are only somebody's notes. */
function knownFields(cells: Cells, rules: RowRules): Set<string> {
  const known = new Set(['name', 'file', ...specFields, ...logoFields.keys()]);
  // Which code it was stands in the manifest as it came: a row that failed has nothing else to tell it by.
  if (rules.mode === 'retarget') return new Set(['name', 'target']);
  if (rules.mode === 'dynamic') return new Set([...known, ...codeOnly]);
  const type = typeOf(cells, rules);
  for (const field of ['type', 'data', ...(isContentType(type) ? contentFieldsOf(type) : [])]) known.add(field);
  return known;
}

function readInput(cells: Cells, rules: RowRules): RowInput {
  switch (rules.mode) {
    case 'static':
      return readStatic(cells, rules);
    case 'dynamic':
      return readDynamic(cells, rules);
    case 'retarget':
      return readRetarget(cells, rules);
  }
}

/** Names a field of the body that was put together by the column that it came from. */
function placeOf(main: string | null, cells: Cells): Place {
  const nameOf = (path: PropertyKey[]): string => {
    const [room, field] = path.map(String);
    if (room === 'logo') return field === 'ratio' ? 'logoRatio' : 'logoId';
    if (room === 'content' && field === main && !cells.has(field ?? '') && cells.has('data')) return 'data';
    return (room === 'content' ? field : room) ?? 'data';
  };
  return { in: 'csv', nameOf };
}

/** Spec and logo of a row, or of the request where the row has none. */
function looksOf(cells: Cells, { shared }: RowRules): Record<string, unknown> {
  const looks: Record<string, unknown> = {};
  const logo: Record<string, unknown> = {};
  for (const field of [...specFields, ...logoFields.keys()]) {
    const text = cells.get(field)?.[0] ?? shared[field];
    if (text === undefined) continue;
    const logoField = logoFields.get(field);
    if (logoField === undefined) looks[field] = tableValue(field, text);
    else logo[logoField] = tableValue(field, text);
  }
  // A ratio for every row is no logo for every row.
  return 'id' in logo || cells.has('logoRatio') ? { ...looks, logo } : looks;
}

function readStatic(cells: Cells, rules: RowRules): RowInput {
  const type = typeOf(cells, rules);
  const problems: Problem[] = [];
  const main = isContentType(type) ? mainFields[type] : null;
  const content: Record<string, unknown> = { type };
  for (const field of isContentType(type) ? contentFieldsOf(type) : []) {
    const shared = rules.shared[field];
    const texts = cells.get(field) ?? (shared === undefined ? undefined : [shared]);
    if (texts !== undefined)
      content[field] = listFields.has(field) ? listTexts(field, texts) : tableValue(field, texts[0] ?? '');
  }
  const data = cells.get('data')?.[0];
  if (data !== undefined && main !== null && !cells.has(main))
    content[main] = listFields.has(main) ? listTexts(main, [data]) : tableValue(main, data);
  else if (data !== undefined && isContentType(type)) {
    const accepted = main === null ? `absent with type ${type}` : `absent when ${main} is there`;
    problems.push({ path: ['data'], code: 'not_allowed', accepted, received: data });
  }
  const body = { content, ...looksOf(cells, rules) };
  const { spec } = readRenderRequest(body, noInlineLogo, placeOf(main, cells), problems);
  return { mode: 'static', spec: spec as RenderSpec };
}

/** The names that the fields of a code have as columns, by pointer. */
const codeColumns: Readonly<Record<string, string>> = { title: 'codeTitle', tags: 'codeTags' };

function readDynamic(cells: Cells, rules: RowRules): RowInput {
  const text = (field: string): string | undefined => cells.get(field)?.[0]?.trim() ?? rules.shared[field];
  const body = {
    target: text('target') ?? '',
    slug: text('slug'),
    title: text('codeTitle'),
    tags: cells.has('codeTags') ? listTexts('codeTags', cells.get('codeTags') ?? []) : undefined,
    externalId: text('externalId'),
    imageOptions: looksOf(cells, rules),
  };
  if (body.target === '') throw missing('target', 'where the code leads to');
  try {
    const code = parseCodeRequest(body, { targets: rules.targets, logoBytes: 0, now: rules.now });
    const { target, slug, title, tags, externalId, imageOptions } = code;
    return { mode: 'dynamic', target, slug, title, tags, externalId, options: imageOptions as ImageOptions };
  } catch (error) {
    throw inTermsOfColumns(error);
  }
}

function inTermsOfColumns(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  const details = error.details.map((detail) => {
    const [first = '', second, third] = (detail.pointer ?? '').split('/').slice(1);
    const logoColumn = third === 'ratio' ? 'logoRatio' : 'logoId';
    const name =
      first !== 'imageOptions' ? (codeColumns[first] ?? first) : second === 'logo' ? logoColumn : (second ?? 'size');
    // Details begin with the field's name as the body has it.
    return { ...detail, in: 'csv' as const, pointer: null, name, detail: detail.detail.replace(/^\S+/, name) };
  });
  return new AppError(error.kind, error.code, details.map(({ detail }) => detail).join(' '), { details, cause: error });
}

function readRetarget(cells: Cells, rules: RowRules): RowInput {
  const [id, slug, target] = ['id', 'slug', 'target'].map((field) => cells.get(field)?.[0]?.trim());
  if (id === undefined && slug === undefined) throw missing('slug', 'the slug or the id of a code');
  if (id !== undefined && slug !== undefined)
    throw wrong('id', { code: 'not_allowed', accepted: 'absent when slug is there' }, id);
  if (target === undefined) throw missing('target', 'where the code leads to from now on');
  const problem = targetProblem(target, rules.targets);
  if (problem !== null) throw wrong('target', problem, target);
  return { mode: 'retarget', code: id === undefined ? { slug: (slug as string).toLowerCase() } : { id }, target };
}

function wrong(
  field: string,
  problem: { code: string; accepted: string; nearest?: string | null },
  received: string | undefined,
): AppError {
  return invalidRequest([{ path: [field], received, ...problem }], { ...inBody, in: 'csv' });
}

function missing(field: string, accepted: string): AppError {
  return wrong(field, { code: 'required', accepted }, undefined);
}
