import type { BatchMode } from '../domain/batches/batch-mode.ts';
import type { ContentType } from '../domain/content/content.ts';
import { tableValue } from './batch-cells.ts';
import { type CsvLayout, shownNames } from './batch-columns.ts';
import { contentFieldsOf, isContentType, mainFields, tellingFields } from './flat-fields.ts';

/** What a type's content needs: a field of each list. */
const needed: Record<ContentType, readonly (readonly string[])[]> = {
  url: [['url']],
  text: [['text']],
  vcard: [['firstName', 'lastName', 'organization']],
  wifi: [['ssid']],
  email: [['to']],
  phone: [['number']],
  sms: [['number']],
  geo: [['latitude'], ['longitude']],
  event: [['title'], ['start']],
};

type Reading = { mode: BatchMode; shared: Readonly<Record<string, string>> };

/**
 * Tells why every row of a file would fail, whatever stands in it: no column, and no shared field, gives what each row needs. Null:
 * rows may come to something.
 */
export function headerProblem(layout: CsvLayout, { mode, shared }: Reading): string | null {
  const columns = new Set(layout.columns.flatMap(({ field }) => field ?? []));
  const lacks = mode === 'static' ? lacksContent(columns, shared) : lacksCode(columns, mode);
  if (lacks === null) return null;
  const came = layout.hasHeader
    ? `the header names ${shownNames(layout.columns)}`
    : 'the file is one column of URLs without a header';
  return `No row can be made: ${came}; ${lacks}.`;
}

function lacksCode(columns: ReadonlySet<string>, mode: 'dynamic' | 'retarget'): string | null {
  if (!columns.has('target')) return `with mode ${mode} a column target (or url) must say where the code leads to`;
  if (mode === 'dynamic' || columns.has('slug') || columns.has('id')) return null;
  return 'with mode retarget a column slug or id must say which code it is';
}

function lacksContent(columns: ReadonlySet<string>, shared: Reading['shared']): string | null {
  const isThere = (field: string): boolean => columns.has(field) || field in shared;
  const isMade = (type: ContentType): boolean =>
    needed[type].every((fields) => fields.some((field) => isThere(field) || isMain(type, field, columns)));
  const type = shared.type === undefined ? null : tableValue('type', shared.type);
  if (!columns.has('type') && typeof type === 'string' && isContentType(type)) {
    const fields = needed[type].map((names) => names.join(' or '));
    return isMade(type) ? null : `content of type ${type} needs ${fields.join(' and ')}`;
  }
  const types = Object.keys(needed) as ContentType[];
  const possible = columns.has('type') ? types : tellingFields.flatMap(([field, told]) => (isThere(field) ? told : []));
  if (possible.some(isMade)) return null;
  const known = [...new Set(types.flatMap(contentFieldsOf))];
  const perhaps = known.some(isThere) ? ', and a column or field type where these do not tell it' : '';
  return `a column must give content, such as url, text or data${perhaps} (accepted are data, ${known.join(', ')})`;
}

/** Whether the column `data` stands for this field. */
function isMain(type: ContentType, field: string, columns: ReadonlySet<string>): boolean {
  return columns.has('data') && mainFields[type] === field;
}
