import { type BatchMode, batchModes } from '../domain/batches/batch-mode.ts';
import { contentTypes } from '../domain/content/content.ts';
import { isOneLine } from '../domain/content/content-text.ts';
import { tableValue } from './batch-cells.ts';
import { sharedFields } from './batch-columns.ts';
import { specFields } from './render-query.ts';
import { readRenderRequest } from './render-request.ts';
import { type ReceiverRule, receiverProblem } from './webhook-request.ts';
import { inBody, invalidRequest, type Place, type Problem } from './zod-problems.ts';

/** What a POST of a batch says besides its file. */
export type BatchRequest = {
  name: string | null;
  mode: BatchMode;
  callbackUrl: string | null;
  /** Defaults of every row: canonical field names, values as they came. */
  shared: Record<string, string>;
};

const ownFields = ['mode', 'name', 'callbackUrl'];
const mostNameCharacters = 200;
const acceptedName = `text on one line of 1 to ${mostNameCharacters} characters`;

const looks: ReadonlySet<string> = new Set([...specFields, 'logoId', 'logoRatio']);

/** Why a field that is known has no place beside a mode. */
const unreadBy = {
  dynamic: 'absent with mode dynamic: a code says its short URL, and leads to the target of its row',
  retarget: 'absent with mode retarget: codes get new targets, and nothing is drawn',
} as const;

function readsField(mode: string, field: string): boolean {
  return mode === 'dynamic' ? looks.has(field) : mode !== 'retarget';
}

/** Names fields of a form by their pointers, and parameters of a query by their names. */
function placeOf(isForm: boolean): Place {
  const nameOf = (path: PropertyKey[]): string => {
    const [room, field] = path.map(String);
    if (room === 'logo' && field !== undefined) return field === 'ratio' ? 'logoRatio' : 'logoId';
    return room ?? 'the form';
  };
  return isForm ? { ...inBody, nameOf } : { in: 'query', nameOf };
}

/** Checks shared spec fields as they would be checked in a request; content is each row's own. */
function specProblems(shared: Record<string, string>, place: Place, problems: Problem[]): void {
  const body: Record<string, unknown> = { content: { type: 'text', text: 'x' } };
  for (const field of specFields) if (shared[field] !== undefined) body[field] = tableValue(field, shared[field]);
  const { logoId, logoRatio } = shared;
  if (logoId !== undefined)
    body.logo = { id: logoId, ...(logoRatio === undefined ? {} : { ratio: tableValue('logoRatio', logoRatio) }) };
  readRenderRequest(body, { logoBytes: 0 }, place, problems);
}

/**
 * Reads the fields of a form, or the query beside a `text/csv` body. An empty field is an absent one.
 *
 * @throws AppError `invalid`, `invalid_request`, with every wrong field in its details
 */
export function parseBatchRequest(
  fields: Readonly<Record<string, string>>,
  { mayCall, isForm }: { mayCall: ReceiverRule; isForm: boolean },
): BatchRequest {
  const problems: Problem[] = [];
  const shared: Record<string, string> = {};
  const own: Record<string, string> = {};
  for (const [name, text] of Object.entries(fields)) {
    if (text.trim() === '') continue;
    if (ownFields.includes(name)) own[name] = text.trim();
    else if (sharedFields.includes(name)) shared[name] = text;
    else {
      const accepted = [...ownFields, ...sharedFields].join(', ');
      problems.push({ path: [name], code: 'unknown_field', accepted, received: undefined });
    }
  }
  const { mode = 'static', name, callbackUrl } = own;
  const wrong = (field: string, code: string, accepted: string): void =>
    void problems.push({ path: [field], code, accepted, received: fields[field] });
  if (!(batchModes as readonly string[]).includes(mode))
    wrong('mode', 'invalid_value', `one of ${batchModes.join(', ')}`);
  if (name !== undefined && (name.length > mostNameCharacters || !isOneLine(name)))
    wrong('name', 'invalid_name', acceptedName);
  const problem = callbackUrl === undefined ? null : receiverProblem(callbackUrl, mayCall);
  if (problem !== null) problems.push({ path: ['callbackUrl'], received: callbackUrl, ...problem });
  for (const field of Object.keys(shared)) {
    const unread = readsField(mode, field) ? null : unreadBy[mode as keyof typeof unreadBy];
    if (unread) wrong(field, 'not_allowed', unread);
  }
  const { type } = shared;
  if (type !== undefined && !(contentTypes as readonly unknown[]).includes(tableValue('type', type)))
    wrong('type', 'invalid_value', `one of ${contentTypes.join(', ')}`);
  const place = placeOf(isForm);
  specProblems(shared, place, problems);
  if (problems.length > 0) throw invalidRequest(problems, place);
  return { name: name ?? null, mode: mode as BatchMode, callbackUrl: callbackUrl ?? null, shared };
}
