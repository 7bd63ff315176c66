import { z } from 'zod';
import { roles, tenantStatuses } from '../domain/access.ts';
import { isOneLine } from '../domain/content/content-text.ts';
import { utcTime } from '../domain/content/moment.ts';
import { isJsonObject } from '../domain/merge-patch.ts';
import { fields, oneOf, optional, wholeNumber } from './field.ts';
import { inBody, invalidRequest, problemsOf } from './zod-problems.ts';

const mostNameCharacters = 100;
const acceptedName = `text on one line of 1 to ${mostNameCharacters} characters, without control characters`;
const acceptedTime = 'an RFC 3339 time with its offset, in the future, such as 2027-01-31T12:00:00Z';
const acceptedTenantId = '2 to 40 of a-z, 0-9 and -, beginning with a letter';

const name = z
  .string({ error: acceptedName })
  .trim()
  .refine((text) => text !== '' && text.length <= mostNameCharacters && isOneLine(text), {
    error: acceptedName,
    params: { code: 'invalid_name' },
  })
  .describe(acceptedName);

const time = z
  .string({ error: acceptedTime })
  .refine((text) => utcTime(text) !== null, { error: acceptedTime, params: { code: 'invalid_time' } })
  .describe(acceptedTime);

const tenantId = z.string({ error: acceptedTenantId });

/** The body of POST /v1/keys. */
export const keyRequestSchema = fields(
  {
    name,
    role: oneOf(roles),
    tenantId: optional(tenantId.describe('for operators: the tenant that the key is for')),
    expiresAt: optional(time),
  },
  'a JSON object such as { "name": "shop", "role": "write" }',
).meta({ id: 'KeyRequest' });

const longestOverlapS = 30 * 24 * 60 * 60;
const acceptedOverlap = `a whole number of seconds from 0 to ${longestOverlapS}`;

/** The body of POST /v1/keys/:id/rotate, which may be left out. */
export const rotateKeySchema = fields(
  {
    overlapSeconds: z
      .int({ error: acceptedOverlap })
      .min(0, { error: acceptedOverlap })
      .max(longestOverlapS, { error: acceptedOverlap })
      .describe('for how long the key of before works beside the new one')
      .default(24 * 60 * 60),
  },
  'a JSON object such as { "overlapSeconds": 3600 }',
).meta({ id: 'RotateKey' });

const quota = wholeNumber(0, 1_000_000_000, 'a day; 0: as many as they like')
  .nullable()
  .optional()
  .describe('null: what the configuration says');

const quotas = fields(
  { rendersPerDay: quota, batchRowsPerDay: quota },
  'an object such as { "rendersPerDay": 10000 }',
).describe('what the tenant may have done on a UTC day');

/** The body of POST /v1/tenants. */
export const tenantRequestSchema = fields(
  {
    name,
    quotas: optional(quotas),
    id: optional(
      tenantId
        .regex(/^[a-z][a-z0-9-]{1,39}$/, { error: acceptedTenantId })
        .describe(`${acceptedTenantId}; absent: one is made`),
    ),
  },
  'a JSON object such as { "name": "Acme" }',
).meta({ id: 'TenantRequest' });

/** The body of PATCH /v1/tenants/:id, a merge patch (RFC 7396). */
export const tenantPatchSchema = fields(
  { name: name.optional(), status: oneOf(tenantStatuses).optional(), quotas: quotas.nullable().optional() },
  'a JSON object such as { "status": "suspended" }',
).meta({ id: 'TenantPatch' });

export type KeyRequest = Omit<z.output<typeof keyRequestSchema>, 'expiresAt'> & {
  /** Milliseconds since 1970. */
  expiresAt: number | null;
};
export type TenantRequest = z.output<typeof tenantRequestSchema>;
export type TenantPatch = z.output<typeof tenantPatchSchema>;

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw invalidRequest(problemsOf(parsed.error.issues, body), inBody);
  return parsed.data;
}

/** @throws AppError `invalid`, `invalid_request`, with every wrong field in its details */
export function parseKeyRequest(body: unknown, now: number): KeyRequest {
  const given = isJsonObject(body) ? body.expiresAt : undefined;
  const at = typeof given === 'string' && utcTime(given) !== null ? Date.parse(given.toUpperCase()) : null;
  const parsed = keyRequestSchema.safeParse(body);
  const problems = parsed.success ? [] : problemsOf(parsed.error.issues, body);
  if (at !== null && at <= now)
    problems.push({ path: ['expiresAt'], code: 'not_in_future', accepted: acceptedTime, received: given });
  if (!parsed.success || problems.length > 0) throw invalidRequest(problems, inBody);
  return { ...parsed.data, expiresAt: at };
}

/**
 * Reads for how long a rotated key works on, ms.
 *
 * @throws AppError `invalid`, `invalid_request`
 */
export function parseRotateKey(body: unknown): number {
  return parse(rotateKeySchema, body).overlapSeconds * 1000;
}

/** @throws AppError `invalid`, `invalid_request`, with every wrong field in its details */
export function parseTenantRequest(body: unknown): TenantRequest {
  return parse(tenantRequestSchema, body);
}

/** @throws AppError `invalid`, `invalid_request`, with every wrong field in its details */
export function parseTenantPatch(body: unknown): TenantPatch {
  return parse(tenantPatchSchema, body);
}
