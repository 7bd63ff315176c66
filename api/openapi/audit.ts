import { auditListSchema, auditReaders } from '../../shared/contract/audit-answer.ts';
import { usageAnswerSchema, usageReaders } from '../../shared/contract/usage-answer.ts';
import { ids, usage } from './examples.ts';
import type { Operations } from './operation.ts';
import { pageDefaults, queryOf } from './parameters.ts';

const tag = 'Access';

export const auditOperations = {
  'GET /v1/usage': {
    id: 'getUsage',
    tag,
    summary: 'What your tenant used, by UTC days, and how it stands against its quotas',
    description:
      'The last 30 days and today unless it says otherwise. Counts of other processes come in after about a second. `batchRows` are counted when a file is accepted, `renders` when one is put to work: what is there already costs nothing.',
    access: 'read',
    query: queryOf(usageReaders, {
      from: { example: '2026-11-01' },
      tenantId: { description: 'Another tenant; for operators.' },
    }),
    answers: {
      200: {
        description: 'Each day of the range, and all of it.',
        headers: ['Cache-Control!'],
        content: { 'application/json': { schema: usageAnswerSchema, examples: { usage } } },
      },
    },
  },
  'GET /v1/audit': {
    id: 'listAuditEntries',
    tag,
    summary: 'Read who changed what',
    description:
      "Changes of keys, tenants, codes, webhooks and secrets, in the caller's tenant; operators see every tenant's. `keyId` is `npm run admin` for what was done in a shell, `service` where an endpoint was disabled because it fails, `configuration` where another BOOTSTRAP_API_KEY replaced the first operator key.",
    access: 'admin',
    query: queryOf(auditReaders, {
      ...pageDefaults,
      action: { example: 'code.update' },
      objectId: { description: 'Changes of this thing only.' },
      tenantId: { description: 'Of this tenant; for operators.' },
      from: { example: '2026-11-01' },
    }),
    answers: {
      200: {
        description: 'A page of them.',
        headers: ['Cache-Control!', 'Link'],
        content: {
          'application/json': {
            schema: auditListSchema.meta({ id: 'AuditList' }),
            examples: {
              page: {
                data: [
                  {
                    object: 'audit_entry',
                    id: 'aud_Hs03q2-7wAJ4bF1vC9mZk',
                    tenantId: 'default',
                    keyId: 'key_bF1vC9mZk8XyT5hLs03q2',
                    action: 'code.update',
                    objectId: ids.code,
                    changes: [
                      { field: 'target', before: 'https://example.com/spring', after: 'https://example.com/summer' },
                    ],
                    requestId: 'kZ8XyT5hLs03-42',
                    createdAt: '2026-11-23T18:30:00.000Z',
                  },
                ],
                nextCursor: null,
              },
            },
          },
        },
      },
    },
  },
} satisfies Operations;
