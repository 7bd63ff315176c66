import { z } from 'zod';
import { isOneLine } from '../domain/content/content-text.ts';
import { isUrl, nearestUrl, webSchemes } from '../domain/content/url-scheme.ts';
import { isJsonObject } from '../domain/merge-patch.ts';
import { type EventType, eventTypes } from './events.ts';
import { fields, oneOf, optional } from './field.ts';
import { inBody, invalidRequest, type Problem, problemsOf } from './zod-problems.ts';

const mostUrlCharacters = 2048;
const mostDescriptionCharacters = 200;

const acceptedReceiver = `a URL of at most ${mostUrlCharacters} characters that begins with https:// or http://, without user and fragment`;

/**
 * Says whether an address may be called, as far as its text tells; a name is looked up when it is called. It comes from
 * outside, since it depends on the instance.
 */
export type ReceiverRule = (url: URL) => boolean;

/** Returns what is wrong with the URL of a receiver: of a webhook, or a `callbackUrl`. */
export function receiverProblem(text: string, mayCall: ReceiverRule): Omit<Problem, 'path' | 'received'> | null {
  if (text.length > mostUrlCharacters) return { code: 'url_too_long', accepted: acceptedReceiver };
  if (!isUrl(text, webSchemes) || text.includes('#') || /^[^?#]*\\/.test(text))
    return { code: 'invalid_url', accepted: acceptedReceiver, nearest: nearestUrl(text) };
  if (/^[^/]*\/\/[^/?#]*@/.test(text)) return { code: 'url_with_user', accepted: acceptedReceiver };
  if (mayCall(new URL(text))) return null;
  const accepted = 'a URL of a public address; the operator can open private networks by OUTBOUND_ALLOW';
  return { code: 'address_refused', accepted };
}

const receiver = z.string({ error: acceptedReceiver }).trim().describe(acceptedReceiver);

/** A `callbackUrl`, where one may be named; `takeCallbackUrl` reads it. */
export const callbackUrl = optional(receiver);

const acceptedEvents = `a list of one or more of ${eventTypes.join(', ')}`;

const events = z
  .array(oneOf(eventTypes), { error: acceptedEvents })
  .min(1, { error: acceptedEvents })
  .max(50, { error: acceptedEvents })
  .transform((list): EventType[] => eventTypes.filter((type) => list.includes(type)))
  .describe(acceptedEvents);

const acceptedDescription = `text on one line of 1 to ${mostDescriptionCharacters} characters, without control characters`;

const description = z
  .string({ error: acceptedDescription })
  .trim()
  .refine((text) => text !== '' && text.length <= mostDescriptionCharacters && isOneLine(text), {
    error: acceptedDescription,
    params: { code: 'invalid_description' },
  })
  .describe(acceptedDescription);

const acceptedBody = 'a JSON object such as { "url": "https://example.com/hook", "events": ["render.completed"] }';

/** The body of POST /v1/webhooks. */
export const webhookRequestSchema = fields(
  { url: receiver, events, description: optional(description) },
  acceptedBody,
).meta({ id: 'WebhookRequest' });

/** The body of PATCH /v1/webhooks/:id, a merge patch (RFC 7396). */
export const webhookPatchSchema = fields(
  {
    url: receiver.optional(),
    events: events.optional(),
    description: description.nullable().optional(),
    status: oneOf(['active', 'disabled']).optional(),
  },
  acceptedBody,
).meta({ id: 'WebhookPatch' });

export type WebhookRequest = z.output<typeof webhookRequestSchema>;
export type WebhookPatch = z.output<typeof webhookPatchSchema>;

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown, mayCall: ReceiverRule): z.output<Schema> {
  const parsed = schema.safeParse(body);
  const problems = parsed.success ? [] : problemsOf(parsed.error.issues, body);
  const url = isJsonObject(body) ? body.url : undefined;
  const problem = typeof url === 'string' ? receiverProblem(url.trim(), mayCall) : null;
  if (problem) problems.push({ path: ['url'], received: url, ...problem });
  if (!parsed.success || problems.length > 0) throw invalidRequest(problems, inBody);
  return parsed.data;
}

/** @throws AppError `invalid`, `invalid_request`, with every wrong field in its details */
export function parseWebhookRequest(body: unknown, mayCall: ReceiverRule): WebhookRequest {
  return parse(webhookRequestSchema, body, mayCall);
}

/** @throws AppError `invalid`, `invalid_request`, with every wrong field in its details */
export function parseWebhookPatch(body: unknown, mayCall: ReceiverRule): WebhookPatch {
  return parse(webhookPatchSchema, body, mayCall);
}

/**
 * Takes `callbackUrl`, which may be absent or null, out of a body: `rest` is the body without it,
 * `problems` is what is wrong with it, to be told together with what is wrong with the rest.
 */
export function takeCallbackUrl(
  body: unknown,
  mayCall: ReceiverRule,
): { callbackUrl: string | null; rest: unknown; problems: Problem[] } {
  if (!isJsonObject(body) || !Object.hasOwn(body, 'callbackUrl'))
    return { callbackUrl: null, rest: body, problems: [] };
  const { callbackUrl: received, ...rest } = body;
  if (received === null) return { callbackUrl: null, rest, problems: [] };
  const path = ['callbackUrl'];
  const text = typeof received === 'string' ? received.trim() : null;
  const wrongType = { code: 'invalid_type', accepted: acceptedReceiver };
  const problem = text === null ? wrongType : receiverProblem(text, mayCall);
  return { callbackUrl: text, rest, problems: problem === null ? [] : [{ path, received, ...problem }] };
}
