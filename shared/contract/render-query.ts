import {
  contentFieldsOf,
  flatValue,
  isContentType,
  listFields,
  mainFields,
  tellingFields,
  typesWith,
} from './flat-fields.ts';
import { type RenderRequest, readRenderRequest, renderRequestSchema } from './render-request.ts';
import { withPlus } from './time-range.ts';
import type { Place, Problem } from './zod-problems.ts';

/** A query as it was parsed: a repeated parameter is a list. */
export type Query = Readonly<Record<string, string | string[] | undefined>>;

type Body = { content: Record<string, unknown>; logo: Record<string, unknown>; [specField: string]: unknown };
type Reading = { query: Query; type: string; main: string | null; body: Body; problems: Problem[] };

const logoFields: ReadonlyMap<string, string> = new Map([
  ['logoId', 'id'],
  ['logoRatio', 'ratio'],
]);
/** The spec's fields that are one text each; content and logo have fields of their own. */
export const specFields = Object.keys(renderRequestSchema.shape).filter(
  (name) => name !== 'content' && name !== 'logo',
);
const sharedParameters = ['data', 'type', ...specFields, ...logoFields.keys()];

const phoneFields: ReadonlySet<string> = new Set(['number', 'phone', 'mobile']);

/** A query has no body to decode a logo from. */
const noInlineLogo = { logoBytes: 0 };

function problem(reading: Reading, name: string, code: string, accepted: string): void {
  const received = code === 'unknown_field' ? undefined : reading.query[name];
  reading.problems.push({ path: ['parameter', name], code, accepted, received });
}

/** Returns the one text of a parameter that may stand once; the first one, with a problem, when it is repeated. */
function once(reading: Reading, name: string, value: string | string[]): string {
  if (!Array.isArray(value)) return value;
  problem(reading, name, 'given_twice', 'given once');
  return value[0] ?? '';
}

function readContentField(reading: Reading, parameter: string, field: string, value: string | string[]): void {
  const meant = (text: string): string => withItsPlus(field, text);
  if (listFields.has(field)) reading.body.content[field] = Array.isArray(value) ? value.map(meant) : meant(value);
  else reading.body.content[field] = flatValue(field, meant(once(reading, parameter, value)));
}

/** Puts back an unescaped plus, which a query makes a space, where it can have been nothing else: of an offset, of a phone number. */
function withItsPlus(field: string, text: string): string {
  if (field === 'start' || field === 'end') return withPlus(text);
  return phoneFields.has(field) ? text.replace(/^ (?=\d)/, '+') : text;
}

function readData(reading: Reading, value: string | string[]): void {
  const { type, main, query } = reading;
  if (main !== null && query[main] === undefined) {
    readContentField(reading, 'data', main, value);
  } else if (main !== null) {
    problem(reading, 'data', 'not_allowed', `absent when ${main} is there`);
  } else if (isContentType(type)) {
    const names = contentFieldsOf(type).join(', ');
    problem(reading, 'data', 'not_allowed', `absent with type ${type}: name its fields, ${names}`);
  }
}

function refuse(reading: Reading, name: string): void {
  const { type } = reading;
  const owners = typesWith(name);
  if (!isContentType(type)) {
    // Which of the content's fields are meant cannot be told.
    if (owners.length === 0) problem(reading, name, 'unknown_field', sharedParameters.join(', '));
  } else if (owners.length > 0) {
    problem(reading, name, 'not_allowed', `absent with type ${type}: it is a field of type ${owners.join(' and ')}`);
  } else {
    problem(reading, name, 'unknown_field', [...sharedParameters, ...contentFieldsOf(type)].join(', '));
  }
}

function readParameter(reading: Reading, name: string, value: string | string[]): void {
  const { type, body } = reading;
  const logoField = logoFields.get(name);
  if (name === 'type') once(reading, name, value);
  else if (name === 'data') readData(reading, value);
  else if (specFields.includes(name)) body[name] = flatValue(name, once(reading, name, value));
  else if (logoField !== undefined) body.logo[logoField] = flatValue(name, once(reading, name, value));
  else if (isContentType(type) && contentFieldsOf(type).includes(name)) readContentField(reading, name, name, value);
  else refuse(reading, name);
}

/** Names a field of the body that was put together by the parameter that it came from. */
function placeOf({ query, main }: Reading): Place {
  const nameOf = (path: PropertyKey[]): string => {
    const [room, field] = path.map(String);
    if (room === 'logo') return field === 'ratio' ? 'logoRatio' : 'logoId';
    if (room === 'content' && field === main && query[main] === undefined) return 'data';
    return (room === 'content' || room === 'parameter' ? field : room) ?? 'data';
  };
  return { in: 'query', nameOf };
}

function typeOf(query: Query): string {
  const [given] = [query.type].flat();
  if (given !== undefined) return given;
  const telling = query.data === undefined && tellingFields.find(([field]) => query[field] !== undefined);
  return telling ? telling[1] : 'text';
}

/**
 * Checks the query of GET /v1/qr and makes a canonical spec of it: the names are those of POST /v1/renders, content's fields
 * and `logoId`, `logoRatio` beside the others. Without `type` `data` is text, and other fields tell their type as in a batch's row.
 *
 * @throws AppError `invalid`, `invalid_request`, with every wrong parameter in its details
 */
export function parseRenderQuery(query: Query): RenderRequest {
  const type = typeOf(query);
  const main = isContentType(type) ? mainFields[type] : null;
  const reading: Reading = { query, type, main, body: { content: { type }, logo: {} }, problems: [] };
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) readParameter(reading, name, value);
  }
  const { logo, ...withoutLogo } = reading.body;
  if (logo.ratio !== undefined && logo.id === undefined)
    problem(reading, 'logoId', 'required', 'the id of a logo uploaded with POST /v1/logos');
  const body = logo.id === undefined ? withoutLogo : reading.body;
  return readRenderRequest(body, noInlineLogo, placeOf(reading), reading.problems);
}
