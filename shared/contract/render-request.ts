import { z } from 'zod';
import { canonicalColour } from '../domain/hex-colour.ts';
import { errorCorrectionLevels, type HexColour, imageFormats, type RenderSpec } from '../domain/render-spec.ts';
import { contentSchema } from './content.ts';
import { defaulted, fields, lineThat, numberBetween, oneOf, optional, wholeNumber } from './field.ts';
import { acceptedLogo, readInlineLogo } from './inline-logo.ts';
import { invalidRequest, type Place, type Problem, problemsOf } from './zod-problems.ts';

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

/** What an image looks like: each field without its default, for those who ask for some of them only. */
export const imageFields = {
  format: oneOf(imageFormats),
  size: wholeNumber(100, 2000, 'px'),
  margin: wholeNumber(0, 20, 'modules'),
  errorCorrection: oneOf(errorCorrectionLevels),
  foreground: colour(hex),
  background: colour(`${hex}, or transparent`, 'transparent'),
  logo,
};

export const imageDefaults = {
  format: 'png',
  size: 300,
  margin: 4,
  errorCorrection: 'M',
  foreground: '#000000',
  background: '#ffffff',
} as const satisfies Partial<RenderSpec>;

/** The body of POST /v1/renders, made canonical but for an inline logo. */
export const renderRequestSchema = fields(
  {
    content: contentSchema,
    format: defaulted(imageFields.format, imageDefaults.format),
    size: defaulted(imageFields.size, imageDefaults.size),
    margin: defaulted(imageFields.margin, imageDefaults.margin),
    errorCorrection: defaulted(imageFields.errorCorrection, imageDefaults.errorCorrection),
    foreground: defaulted(imageFields.foreground, imageDefaults.foreground),
    background: defaulted(imageFields.background, imageDefaults.background),
    logo: optional(imageFields.logo),
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
 * Checks the body of POST /v1/renders, or one that was put together from elsewhere, and makes it canonical: requests that differ
 * only in spelling give equal specs.
 *
 * @param place how its fields are named in errors
 * @param earlier problems found while putting it together; with any of them it throws in any case
 * @throws AppError `invalid`, `invalid_request`, with every wrong field in its details
 */
export function readRenderRequest(
  body: unknown,
  limits: RequestLimits,
  place: Place,
  earlier: Problem[],
): RenderRequest {
  const parsed = renderRequestSchema.safeParse(body);
  const problems = [...earlier, ...(parsed.success ? [] : problemsOf(parsed.error.issues, body))];
  const inline = readGivenLogo(body, limits);
  if (inline.problem) problems.push(inline.problem);
  if (!parsed.success || problems.length > 0) throw invalidRequest(problems, place);
  // New members stand in front: behind a spread V8 makes a hidden class anew for every object, and all that reads it is slow then.
  const spec = { marginPx: null, ...parsed.data, logo: requestedLogo(parsed.data.logo, inline.bytes) };
  return { spec, formatGiven: (member(body, 'format') ?? null) !== null };
}

/** Reads the inline logo of an object that may have one at `logo`; the schema sees to the rest of that field. */
export function readGivenLogo(
  body: unknown,
  { logoBytes }: RequestLimits,
): { bytes: Buffer | null; problem: Problem | null } {
  const given = member(body, 'logo');
  const data = (member(given, 'id') ?? null) === null ? member(given, 'data') : null;
  if (typeof data !== 'string') return { bytes: null, problem: null };
  const { bytes, refused } = readInlineLogo(data, logoBytes);
  return { bytes, problem: refused && { path: ['logo', 'data'], ...refused, received: data } };
}

/** The schema has seen to it that a logo has an id or bytes, and not both. */
export function requestedLogo(
  logo: { id: string | null; ratio: number } | null,
  bytes: Buffer | null,
): RequestedLogo | null {
  if (logo === null) return null;
  if (logo.id !== null) return { id: logo.id, ratio: logo.ratio };
  return bytes === null ? null : { bytes, ratio: logo.ratio };
}
