import type { z } from 'zod';
import { utcTime } from '../domain/content/moment.ts';
import { isDeeperThan, isJsonObject, mergePatch } from '../domain/merge-patch.ts';
import { type TargetRules, targetProblem } from '../domain/target-rules.ts';
import { acceptedTime, codeFields, slug } from './code-fields.ts';
import { fields, oneOf, optional, wholeNumber } from './field.ts';
import {
  type ImageOptions,
  type RequestedImageOptions,
  readOptionsLogo,
  requestedImageOptions,
} from './image-options.ts';
import { inBody, invalidRequest, type Problem, problemsOf } from './zod-problems.ts';

const acceptedBody = 'a JSON object such as { "target": "https://example.com/menu" }';

/** The body of POST /v1/codes. */
export const codeRequestSchema = fields({ slug: optional(slug), ...codeFields }, acceptedBody).meta({
  id: 'CodeRequest',
});

/** The fields of PATCH /v1/codes/:id, those that are there merged with what stands; null clears where that is allowed. */
export const codePatchSchema = fields(
  { ...codeFields, target: codeFields.target.optional(), status: oneOf(['active', 'paused']).optional() },
  acceptedBody,
).meta({ id: 'CodePatch' });

/** The body of POST /v1/codes/:id/rollback. */
export const rollbackRequestSchema = fields(
  { version: wholeNumber(1, 1_000_000_000, "a version of the code's history") },
  'a JSON object such as { "version": 2 }',
);

/** A code as it was asked for: checked, but for what only the stores know (is the slug taken, is the logo there). */
export type RequestedCode = {
  /** Lower case; null: a random one. */
  slug: string | null;
  target: string;
  fallbackTarget: string | null;
  title: string | null;
  tags: string[];
  imageOptions: RequestedImageOptions;
  /** Milliseconds since 1970. */
  expiresAt: number | null;
  forwardQuery: boolean;
  externalId: string | null;
  metadata: Record<string, unknown>;
};

/** The fields that a PATCH names, with their new values. */
export type CodeChanges = Partial<Omit<RequestedCode, 'slug'>> & { status?: 'active' | 'paused' };

export type CodeRules = {
  targets: TargetRules;
  /** The most bytes of an inline logo. */
  logoBytes: number;
  /** Milliseconds since 1970. */
  now: number;
};

/** No body that is meant well has more, and nothing here may run out of stack. */
const mostLevels = 32;

/** Returns what is wrong with fields whose rules depend on the instance or the clock. */
function problemsByRules(body: Record<string, unknown>, { targets, now }: CodeRules): Problem[] {
  const problems: Problem[] = [];
  for (const name of ['target', 'fallbackTarget']) {
    const value = body[name];
    const problem = typeof value === 'string' ? targetProblem(value.trim(), targets) : null;
    if (problem) problems.push({ path: [name], received: value, ...problem });
  }
  const { expiresAt } = body;
  if (typeof expiresAt === 'string' && utcTime(expiresAt) !== null && Date.parse(expiresAt.toUpperCase()) <= now)
    problems.push({ path: ['expiresAt'], code: 'not_in_future', accepted: acceptedTime, received: expiresAt });
  return problems;
}

/** Checks a body by its schema, the rules, and what was found wrong with it before; answers with an inline logo's bytes. */
function read<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
  rules: CodeRules,
  earlier: Problem[] = [],
): { value: z.output<Schema>; inlineLogo: Buffer | null } {
  const parsed = schema.safeParse(body);
  const given = isJsonObject(body) ? body : {};
  const logo = readOptionsLogo(given.imageOptions, rules);
  const problems = [
    ...earlier,
    ...(parsed.success ? [] : problemsOf(parsed.error.issues, body)),
    ...problemsByRules(given, rules),
    ...(logo.problem ? [logo.problem] : []),
  ];
  if (!parsed.success || problems.length > 0) throw invalidRequest(problems, inBody);
  return { value: parsed.data, inlineLogo: logo.bytes };
}

function refuseDeep(body: unknown): void {
  if (!isDeeperThan(body, mostLevels)) return;
  throw invalidRequest(
    [{ path: [], code: 'too_deep', accepted: `JSON of at most ${mostLevels} levels`, received: undefined }],
    inBody,
  );
}

/**
 * Checks the body of POST /v1/codes.
 *
 * @throws AppError `invalid`, `invalid_request`, with every wrong field in its details
 */
export function parseCodeRequest(body: unknown, rules: CodeRules): RequestedCode {
  refuseDeep(body);
  const { value, inlineLogo } = read(codeRequestSchema, body, rules);
  const { imageOptions, metadata } = value;
  return {
    ...value,
    imageOptions: imageOptions === null ? {} : requestedImageOptions(imageOptions, inlineLogo),
    metadata: metadata ?? {},
  };
}

/** What stands in the resource and no PATCH changes. */
const fixedFields: ReadonlySet<string> = new Set(
  'object id slug domain shortUrl encodedText image batchId scanCount lastScannedAt version createdAt updatedAt'.split(
    ' ',
  ),
);

/** A logo's new bytes take the place of its id: nobody means both. */
function withLogoReplaced(options: unknown): unknown {
  if (!isJsonObject(options) || !isJsonObject(options.logo) || options.logo.data === undefined) return options;
  return { ...options, logo: { id: null, ...options.logo } };
}

/** What a PATCH merges with, all other fields are replaced; and when the code expires (milliseconds since 1970). */
type Current = { imageOptions: ImageOptions; metadata: Record<string, unknown>; expiresAt: number | null };

function mergedWith(current: Current, name: string, value: unknown): unknown {
  if (name === 'imageOptions') return mergePatch(current.imageOptions, withLogoReplaced(value));
  return name === 'metadata' ? mergePatch(current.metadata, value) : value;
}

/** An expired code is made active by its expiresAt alone: an answer of 200 would hide that it leads nowhere still. */
function activeThoughExpired(patch: Record<string, unknown>, { expiresAt }: Current, { now }: CodeRules): Problem[] {
  if (patch.status !== 'active' || patch.expiresAt !== undefined || expiresAt === null || expiresAt > now) return [];
  const since = new Date(expiresAt).toISOString();
  const accepted = `sent with a new expiresAt, a time in the future or null: the code expired at ${since}`;
  return [{ path: ['status'], code: 'code_expired', accepted, received: 'active' }];
}

/**
 * Applies the body of PATCH /v1/codes/:id, a merge patch (RFC 7396), to what stands, and checks the fields that it names;
 * the others are left alone even where they would no longer be accepted.
 *
 * @throws AppError `invalid`, `invalid_request`, with every wrong field in its details
 */
export function parseCodePatch(patch: unknown, current: Current, rules: CodeRules): CodeChanges {
  refuseDeep(patch);
  const named = isJsonObject(patch) ? Object.entries(patch) : [];
  const readOnly = named
    .filter(([name]) => fixedFields.has(name))
    .map(([name, received]) => ({
      path: [name],
      code: 'read_only',
      accepted: 'absent: it cannot be changed',
      received,
    }));
  const earlier = [...readOnly, ...(isJsonObject(patch) ? activeThoughExpired(patch, current, rules) : [])];
  const changeable = isJsonObject(patch) ? Object.entries(patch).filter(([name]) => !fixedFields.has(name)) : null;
  const merged = changeable?.map(([name, value]) => [name, mergedWith(current, name, value)]);
  const body = merged === undefined ? patch : Object.fromEntries(merged);
  const { value, inlineLogo } = read(codePatchSchema, body, rules, earlier);
  const { imageOptions, metadata, ...rest } = value;
  const all: CodeChanges = {
    ...rest,
    imageOptions: imageOptions === null ? {} : requestedImageOptions(imageOptions, inlineLogo),
    metadata: metadata ?? {},
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => named.some(([each]) => each === name)));
}

/** @throws AppError `invalid`, `invalid_request`, when the body of a rollback names no version */
export function parseRollback(body: unknown): { version: number } {
  const parsed = rollbackRequestSchema.safeParse(body);
  if (!parsed.success) throw invalidRequest(problemsOf(parsed.error.issues, body), inBody);
  return parsed.data;
}
