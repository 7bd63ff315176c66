import { z } from 'zod';
import { auditActionNames } from './audit-actions.ts';
import { listAnswerSchema, readCursor } from './lists.ts';
import { cursorOf, inQuery, pageLimit, readParameters, textUpTo, wordOf } from './parameters.ts';
import type { Query } from './render-query.ts';
import { emptyRange, instantOf, timeOrDate } from './time-range.ts';
import { invalidRequest } from './zod-problems.ts';

/** One change: who made it, when, and what it changed. Values that may be secret are null, their fields are named. */
const auditAnswerSchema = z
  .object({
    object: z.literal('audit_entry'),
    id: z.string(),
    tenantId: z.string().describe('Whose thing was changed.'),
    keyId: z
      .string()
      .describe('The key that it was changed with; without a key: `npm run admin`, `service`, `configuration`.'),
    action: z.string().describe('What was done: `code.update`, `key.revoke` …'),
    objectId: z.string().describe('The id of what was changed; of a secret of the tenant, the tenant.'),
    changes: z
      .array(z.object({ field: z.string(), before: z.unknown().nullable(), after: z.unknown().nullable() }))
      .describe('The fields that are others now; of those that may hold a secret, only their names.'),
    requestId: z.string(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'AuditEntry' });

export type AuditAnswer = z.infer<typeof auditAnswerSchema>;

export const auditListSchema = listAnswerSchema(auditAnswerSchema);

/** Before this range nothing was, behind it nothing is. */
const ever = { from: 0, to: Date.UTC(3000, 0, 1) };

/** The parameters of the list. */
export const auditReaders = {
  limit: pageLimit,
  cursor: cursorOf((text) => {
    const position = readCursor(text);
    return position?.scope?.list === 'audit' ? position : null;
  }),
  sort: wordOf(['createdAt', '-createdAt']),
  action: wordOf(auditActionNames),
  objectId: textUpTo(128),
  tenantId: textUpTo(128),
  from: timeOrDate,
  to: timeOrDate,
};

/** What of the record is asked for; `tenantId` null: the query names none. */
export type AuditRequest = {
  limit: number;
  order: 'newest-first' | 'oldest-first';
  after: { createdAt: number; id: string } | null;
  action: string | null;
  objectId: string | null;
  tenantId: string | null;
  from: number;
  to: number;
};

/**
 * Reads the query of GET /v1/audit: the newest first and fifty of them unless it says otherwise.
 *
 * @throws AppError `invalid`, `invalid_request`, that names every parameter that is wrong, unknown or given twice
 */
export function parseAuditQuery(query: Query): AuditRequest {
  const { values, problems } = readParameters(query, auditReaders);
  const order = values.sort === 'createdAt' ? 'oldest-first' : 'newest-first';
  const range = {
    from: values.from === undefined ? ever.from : instantOf(values.from, null),
    to: values.to === undefined ? ever.to : instantOf(values.to, null),
  };
  problems.push(...emptyRange(range, values));
  const { cursor } = values;
  if (cursor && cursor.scope?.order !== order) {
    const accepted = 'the nextCursor of an earlier page in this order';
    problems.push({ path: ['cursor'], code: 'cursor_of_other_sort', accepted, received: query.cursor });
  }
  if (problems.length > 0) throw invalidRequest(problems, inQuery);
  return {
    ...range,
    order,
    limit: values.limit ?? 50,
    after: cursor ? { createdAt: cursor.createdAt, id: cursor.id } : null,
    action: values.action ?? null,
    objectId: values.objectId ?? null,
    tenantId: values.tenantId ?? null,
  };
}
