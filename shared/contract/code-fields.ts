import { z } from 'zod';
import { isOneLine } from '../domain/content/content-text.ts';
import { utcTime } from '../domain/content/moment.ts';
import { isJsonObject } from '../domain/merge-patch.ts';
import { acceptedSlug, isReservedSlug, normaliseSlug } from '../domain/slug.ts';
import { acceptedTarget } from '../domain/target-rules.ts';
import { defaulted, optional, trueOrFalse } from './field.ts';
import { imageOptionsSchema } from './image-options.ts';

/** Bytes of `metadata` as JSON in UTF-8, without spaces. */
const mostMetadataBytes = 4096;
const mostTags = 20;
export const mostTagCharacters = 50;
export const mostNameCharacters = 200;

/** Text on one line of bounded length, without white space at its ends. */
function shortLine(mostCharacters: number, code: string) {
  const accepted = `text on one line of 1 to ${mostCharacters} characters, without control characters`;
  return z
    .string({ error: accepted })
    .trim()
    .refine((text) => text !== '' && text.length <= mostCharacters && isOneLine(text), {
      error: accepted,
      params: { code },
    })
    .describe(accepted);
}

/** A slug of one's own, made lower case. */
export const slug = z
  .string({ error: acceptedSlug })
  .trim()
  .superRefine((text, context) => {
    const normalised = normaliseSlug(text);
    const issue = (message: string, code: string) => context.addIssue({ code: 'custom', message, params: { code } });
    if (normalised === null) issue(acceptedSlug, 'invalid_slug');
    else if (isReservedSlug(normalised))
      issue('another slug: this word is kept for paths of the service', 'reserved_slug');
  })
  .overwrite((text) => text.toLowerCase())
  .describe(acceptedSlug);

/** Where a code may lead to depends on the instance: code-request.ts checks that. */
const target = z.string({ error: acceptedTarget }).trim().describe(acceptedTarget);

export const acceptedTime = 'a time in the future with its offset (RFC 3339), such as 2030-01-31T12:00:00Z';

/** Milliseconds since 1970; that it is in the future is checked by code-request.ts. */
const time = z
  .string({ error: acceptedTime })
  .refine((text) => utcTime(text) !== null, { error: acceptedTime, params: { code: 'invalid_time' } })
  .transform((text) => Date.parse(text.toUpperCase()))
  .describe(acceptedTime);

const acceptedTags = `a list of at most ${mostTags} tags`;

/** Tags that are spelt alike, case included, are one. */
const tags = z
  .array(shortLine(mostTagCharacters, 'invalid_tag'), { error: acceptedTags })
  .max(mostTags, { error: acceptedTags })
  .transform((list) => [...new Set(list)])
  .describe(acceptedTags);

const acceptedMetadata = `a JSON object of at most ${mostMetadataBytes} bytes`;

const metadata = z
  .custom<Record<string, unknown>>(isJsonObject, {
    error: acceptedMetadata,
    params: { code: 'invalid_type' },
    abort: true,
  })
  .refine((object) => Buffer.byteLength(JSON.stringify(object)) <= mostMetadataBytes, {
    error: acceptedMetadata,
    params: { code: 'metadata_too_large' },
  })
  .meta({ description: acceptedMetadata, type: 'object', additionalProperties: true });

const noTags: string[] = [];

/** What a code is made of, but for its slug. */
export const codeFields = {
  target,
  fallbackTarget: optional(target),
  title: optional(shortLine(mostNameCharacters, 'invalid_title')),
  tags: defaulted(tags, noTags),
  imageOptions: optional(imageOptionsSchema),
  expiresAt: optional(time),
  forwardQuery: defaulted(trueOrFalse, false),
  externalId: optional(shortLine(mostNameCharacters, 'invalid_external_id')),
  metadata: optional(metadata),
};
