import { z } from 'zod';
import { roles, tenantStatuses } from '../domain/access.ts';
import { listAnswerSchema } from './lists.ts';
import { quotasSchema } from './usage-answer.ts';

const timeOrNull = z.iso.datetime().nullable();

/** The resource `key`. `key` itself is there only in the answers that made it: of POST and of rotate. */
export const keyAnswerSchema = z
  .object({
    object: z.literal('key'),
    id: z.string(),
    key: z.string().optional(),
    name: z.string(),
    role: z.enum(roles),
    tenantId: z.string(),
    /** To about a minute. */
    lastUsedAt: timeOrNull,
    expiresAt: timeOrNull,
    /** Until when the key from before the last rotation works too; null: there is one only. */
    previousKeyExpiresAt: timeOrNull,
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Key' });

export type KeyAnswer = z.infer<typeof keyAnswerSchema>;

export const keyListSchema = listAnswerSchema(keyAnswerSchema.omit({ key: true }));

/** The resource `tenant`. */
export const tenantAnswerSchema = z
  .object({
    object: z.literal('tenant'),
    id: z.string(),
    name: z.string(),
    status: z.enum(tenantStatuses),
    quotas: z
      .object({ rendersPerDay: z.int().nullable(), batchRowsPerDay: z.int().nullable() })
      .describe('Its own; null: what the configuration says, 0: as much as it likes.'),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Tenant' });

export type TenantAnswer = z.infer<typeof tenantAnswerSchema>;

export const tenantListSchema = listAnswerSchema(tenantAnswerSchema);

/** Who is calling. */
export const meAnswerSchema = z
  .object({
    object: z.literal('me'),
    key: keyAnswerSchema.omit({ key: true }),
    tenant: tenantAnswerSchema,
    quotas: quotasSchema,
  })
  .meta({ id: 'Me' });
