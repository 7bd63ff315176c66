import { z } from 'zod';
import {
  isCarriable,
  isOneLine,
  isPlainText,
  mostCharacters,
  withPlainLineBreaks,
} from '../domain/content/content-text.ts';

/*
 * The pieces that request schemas are made of. One convention holds for all: an issue's message says what is accepted, as
 * words that follow "must be", and a custom issue's `params.code` is the error's code; zod-problems.ts makes errors of them.
 */

const tooLong = `at most ${mostCharacters} characters: no QR symbol holds more`;

/** Returns a string without changing it, refusing '' and what no symbol can hold. */
function text(accepted: string, isAccepted: (value: string) => boolean) {
  return z
    .string({ error: accepted })
    .min(1, { error: accepted })
    .max(mostCharacters, { error: tooLong })
    .refine(isAccepted, { error: accepted, params: { code: 'invalid_characters' }, abort: true })
    .describe(accepted);
}

/** Any text that UTF-8 can carry, as it came. */
export const rawText = text('text, not empty, without NUL and lone surrogates', isCarriable);

/** Text with tabs and line breaks, as it came. */
export const message = text('text, not empty, without control characters but tabs and line breaks', isPlainText);

/** The same, where the encoding has one line break: CRLF and LF are one spelling. */
export const lines = message.overwrite(withPlainLineBreaks);

const oneLine = 'text on one line, not empty, without control characters';

/** Text on one line, as it came, spaces at its ends included. */
export const exactLine = text(oneLine, isOneLine);

/** Text on one line, without white space at its ends. */
export const line = z.string({ error: oneLine }).trim().pipe(exactLine).describe(oneLine);

type Rule = {
  accepted: string;
  code: string;
  isAccepted: (value: string) => boolean;
  nearest?: (value: string) => string | null;
};

/** A line that keeps a rule. `nearest` may tell a value that does. */
export function lineThat({ accepted, code, isAccepted, nearest }: Rule) {
  return z
    .string({ error: accepted })
    .trim()
    .min(1, { error: accepted })
    .max(mostCharacters, { error: tooLong })
    .superRefine((value, context) => {
      if (isAccepted(value)) return;
      const params = { code, nearest: nearest?.(value) ?? null };
      context.addIssue({ code: 'custom', message: accepted, params, continue: false });
    })
    .describe(accepted);
}

/** One of these words, exactly. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  const error = `one of ${words.join(', ')}`;
  return z.enum(words, { error }).describe(error);
}

export function wholeNumber(min: number, max: number, unit: string) {
  const error = `a whole number from ${min} to ${max} (${unit})`;
  return z.int({ error }).min(min, { error }).max(max, { error }).describe(error);
}

/** A number between bounds; -0 becomes 0, so that one value has one spelling. */
export function numberBetween(min: number, max: number, unit: string) {
  const error = `a number from ${min} to ${max} (${unit})`;
  return z
    .number({ error })
    .min(min, { error })
    .max(max, { error })
    .overwrite((value) => value + 0)
    .describe(error);
}

export const trueOrFalse = z.boolean({ error: 'true or false' });

const mostListed = 50;

/** A string or a list of strings, made a list. */
export function listOf<Item extends z.ZodType<string>>(item: Item, accepted: string) {
  const list = z.array(item, { error: accepted }).max(mostListed, { error: `a list of at most ${mostListed}` });
  return z.union([item, list], { error: accepted }).transform((value): string[] => [value].flat());
}

/** Absent and null are null. */
export function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value): z.output<Schema> | null => value ?? null);
}

/** Absent and null are the default. */
export function defaulted<Schema extends z.ZodType>(schema: Schema, value: z.output<Schema> & z.input<Schema>) {
  return schema
    .meta({ ...schema.meta(), default: value })
    .nullish()
    .transform((given): z.output<Schema> => given ?? value);
}

/** An object with these fields and no others. */
export function fields<const Shape extends z.core.$ZodLooseShape>(shape: Shape, accepted: string) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : accepted),
  });
}
