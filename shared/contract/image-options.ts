import type { Content } from '../domain/content/content.ts';
import type { LogoPlacement } from '../domain/render-spec.ts';
import { fields, optional, trueOrFalse } from './field.ts';
import {
  imageDefaults,
  imageFields,
  type RequestedLogo,
  type RequestedSpec,
  type RequestLimits,
  readGivenLogo,
  requestedLogo,
} from './render-request.ts';
import type { Problem } from './zod-problems.ts';

/** What a code's image looks like unless its query says otherwise: only the fields that were given. */
export type ImageOptions = Partial<Omit<RequestedSpec, 'content' | 'logo' | 'marginPx'>> & {
  logo?: LogoPlacement;
  /** False: the symbol holds the short URL as shown, in lower case; a scan's source is then unknown. */
  compact?: boolean;
};

/** The same as it was asked for: its logo may still be bytes. */
export type RequestedImageOptions = Omit<ImageOptions, 'logo'> & { logo?: RequestedLogo };

/** The field `imageOptions`: the render spec without content, every field optional, and `compact`. */
export const imageOptionsSchema = fields(
  {
    format: optional(imageFields.format),
    size: optional(imageFields.size),
    margin: optional(imageFields.margin),
    errorCorrection: optional(imageFields.errorCorrection),
    foreground: optional(imageFields.foreground),
    background: optional(imageFields.background),
    logo: optional(imageFields.logo),
    compact: optional(trueOrFalse),
  },
  'an object such as { "size": 600, "errorCorrection": "Q" }',
).meta({ id: 'ImageOptions' });

type Parsed = ReturnType<typeof imageOptionsSchema.parse>;

/** Leaves out what was not given, and puts the bytes of an inline logo in the place of its text. */
export function requestedImageOptions({ logo, ...options }: Parsed, inline: Buffer | null): RequestedImageOptions {
  const given = Object.entries(options).filter(([, value]) => value !== null);
  const asked = requestedLogo(logo, inline);
  return { ...(Object.fromEntries(given) as Omit<ImageOptions, 'logo'>), ...(asked === null ? {} : { logo: asked }) };
}

/** Reads the inline logo of `imageOptions`, if it has one. */
export function readOptionsLogo(
  options: unknown,
  limits: RequestLimits,
): { bytes: Buffer | null; problem: Problem | null } {
  const { bytes, problem } = readGivenLogo(options, limits);
  return { bytes, problem: problem && { ...problem, path: ['imageOptions', ...problem.path] } };
}

/** Returns the spec of an image: what the options leave open is as with a render. */
export function imageSpec(content: Content, options: RequestedImageOptions): RequestedSpec {
  const { compact: _, logo = null, ...given } = options;
  return { ...imageDefaults, ...given, content, marginPx: null, logo };
}
