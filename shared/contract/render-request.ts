import { z } from 'zod';
import { canonicalColour } from '../domain/hex-colour.ts';
import { errorCorrectionLevels, type HexColour, imageFormats, type RenderSpec } from '../domain/render-spec.ts';
import { contentSchema } from './content.ts';
import { defaulted, fields, lineThat, numberBetween, oneOf, optional, wholeNumber } from './field.ts';
import { acceptedLogo, readInlineLogo } from './inline-logo.ts';
import { inBody, invalidRequest, type Place, type Problem, problemsOf } from './zod-problems.ts';

function colour<Other extends string = never>(accepted: string, ...others: Other[]) {
  const schema = lineThat({
    accepted,
    code: 'invalid_colour',
    isAccepted: (value) => (others as string[]).includes(value) || canonicalColour(value) !== null,
  }).overwrite((value) => canonicalColour(value) ?? value);
  // What the rule lets through is a colour once it is canonical, or one of the other words.
  return schema as unknown as z.ZodType<HexColour | Other>;
}

const hex = 'a hexadecimal colour, #rrggbb or #rgb, without an alpha channel';

const logoData = z.string({ error: acceptedLogo }).describe(acceptedLogo);
const logoId = lineThat({
  accepted: 'the id of an uploaded logo, logo_…',
  code: 'invalid_logo_id',
  isAccepted: (value) => /^logo_[\w-]{1,64}$/.test(value),
});

const logo = fields(
  {
    id: optional(logoId),
    data: optional(logoData),
    ratio: defaulted(numberBetween(0.05, 0.3, "share of the symbol's width"), 0.2),
  },
  'an object such as { "id": "logo_…", "ratio": 0.2 }',
).superRefine(
  ({ id, data }, context) => {
    const issue = (path: string, message: string, code: string): void =>
      context.addIssue({ code: 'custom', path: [path], message, params: { code } });
    if (id === null && data === null)
      issue('id', 'the id of an uploaded logo, or in a JSON body the image as data', 'required');
    if (typeof id === 'string' && typeof data === 'string') issue('data', 'absent when id is there', 'not_allowed');
  },
  { when: () => true },
);

/** The body of POST /v1/renders, made canonical but for an inline logo. */
export const renderRequestSchema = fields(
  {
    content: contentSchema,
    format: defaulted(oneOf(imageFormats), 'png'),
    size: defaulted(wholeNumber(100, 2000, 'px'), 300),
    margin: defaulted(wholeNumber(0, 20, 'modules'), 4),
    errorCorrection: defaulted(oneOf(errorCorrectionLevels), 'M'),
    foreground: defaulted(colour(hex), '#000000'),
    background: defaulted(colour(`${hex}, or transparent`, 'transparent'), '#ffffff'),
    logo: optional(logo),
  },
  'a JSON object such as { "content": { "type": "url", "url": "https://example.com" } }',
);

/** A logo as it was asked for: one that is uploaded, or its bytes (decoded from a data URI, not yet looked into). */
export type RequestedLogo = { id: string; ratio: number } | { bytes: Buffer; ratio: number };

/** Canonical but for an inline logo, which becomes a logo with an id before the spec is hashed. */
export type RequestedSpec = Omit<RenderSpec, 'logo'> & { logo: RequestedLogo | null };

/** `formatGiven`: the request named a format, which then beats `Accept`. */
export type RenderRequest = { spec: RequestedSpec; formatGiven: boolean };

export type RequestLimits = { logoBytes: number };

function member(value: unknown, name: string): unknown {
  const has = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  return has ? (value as Record<string, unknown>)[name] : undefined;
}

/**
 * Checks the body of POST /v1/renders and makes it canonical: requests that differ only in spelling give equal specs.
 *
 * @throws AppError `invalid`, `invalid_request`, with every wrong field in its details
 */
export function parseRenderRequest(body: unknown, limits: RequestLimits): RenderRequest {
  return readRenderRequest(body, limits, inBody, []);
}

/**
 * Does the same for a body that was put together from elsewhere.
 *
 * @param place how its fields are named in errors
 * @param earlier problems found while putting it together; with any of them it throws in any case
 */
export function readRenderRequest(
  body: unknown,
  limits: RequestLimits,
  place: Place,
  earlier: Problem[],
): RenderRequest {
  const parsed = renderRequestSchema.safeParse(body);
  const problems = [...earlier, ...(parsed.success ? [] : problemsOf(parsed.error.issues, body))];
  const given = member(body, 'logo');
  const data = (member(given, 'id') ?? null) === null ? member(given, 'data') : null;
  const inline = typeof data === 'string' ? readInlineLogo(data, limits.logoBytes) : null;
  if (inline?.refused) problems.push({ path: ['logo', 'data'], ...inline.refused, received: data });
  if (!parsed.success || problems.length > 0) throw invalidRequest(problems, place);
  const spec = { ...parsed.data, marginPx: null, logo: requestedLogo(parsed.data.logo, inline?.bytes ?? null) };
  return { spec, formatGiven: (member(body, 'format') ?? null) !== null };
}

/** The schema has seen to it that a logo has an id or bytes, and not both. */
function requestedLogo(logo: { id: string | null; ratio: number } | null, bytes: Buffer | null): RequestedLogo | null {
  if (logo === null) return null;
  if (logo.id !== null) return { id: logo.id, ratio: logo.ratio };
  return bytes === null ? null : { bytes, ratio: logo.ratio };
}
