import type { RenderSpec } from '../domain/render-spec.ts';
import { listTexts, tableValue } from './batch-cells.ts';
import { contentFieldsOf, isContentType, listFields, mainFields, tellingFields } from './flat-fields.ts';
import { readRenderRequest } from './render-request.ts';
import type { Cells, RowInput, RowRules } from './row-input.ts';
import { looksOf } from './row-looks.ts';
import type { Place, Problem } from './zod-problems.ts';

/** A table has no body to decode a logo from. */
const noInlineLogo = { logoBytes: 0 };

/** Tells the content type of a row: what it says itself, what the request says, or what its columns tell. */
export function typeOf(cells: Cells, { shared, layout }: RowRules): string {
  const given = cells.get('type')?.[0] ?? shared.type;
  if (given !== undefined) return String(tableValue('type', given));
  const telling = tellingFields.find(([field]) => cells.has(field)) ?? tellingFields.find(([field]) => field in shared);
  const fallback = tellingFields.find(([field]) => layout.columns.some((column) => column.field === field));
  return (telling ?? fallback ?? tellingFields[0])[1];
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

/** Reads a row that is to be an image: its content and looks. @throws AppError that names the columns */
export function readStatic(cells: Cells, rules: RowRules): RowInput {
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
