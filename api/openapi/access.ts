import {
  keyAnswerSchema,
  keyListSchema,
  meAnswerSchema,
  tenantAnswerSchema,
  tenantListSchema,
} from '../../shared/contract/access-answer.ts';
import {
  keyRequestSchema,
  rotateKeySchema,
  tenantPatchSchema,
  tenantRequestSchema,
} from '../../shared/contract/access-request.ts';
import { keyListReaders, listReaders } from '../../shared/contract/lists.ts';
import { apiKey, ids, quotas, tenant } from './examples.ts';
import type { Operations } from './operation.ts';
import { pageAnswer } from './page-answer.ts';
import { idIn, pageDefaults, queryOf } from './parameters.ts';

const keyId = idIn('key', ids.key);
const tenantId = { schema: { type: 'string' }, description: 'The id of the tenant.', example: ids.tenant } as const;
const withKey = {
  'application/json': {
    schema: keyAnswerSchema,
    examples: { key: { ...apiKey, key: 'qrf_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9' } },
  },
};
const oneKey = { 'application/json': { schema: keyAnswerSchema, examples: { key: apiKey } } };
const oneTenant = { 'application/json': { schema: tenantAnswerSchema, examples: { tenant } } };
const stands = { description: 'As it stands.', headers: ['Cache-Control!'] } as const;

const keyOperations = {
  'POST /v1/keys': {
    id: 'createKey',
    tag: 'Access',
    summary: 'Make an API key',
    description: 'The key is shown in this answer only. Nobody makes a key that may do more than their own.',
    access: 'admin',
    headers: ['Idempotency-Key'],
    body: {
      'application/json': {
        schema: keyRequestSchema,
        examples: { shop: { name: 'shop', role: 'write' }, reader: { name: 'dashboard', role: 'read' } },
      },
    },
    answers: {
      201: {
        description: 'It works from now on.',
        headers: ['Location!', 'Cache-Control!', 'Idempotency-Replayed'],
        content: withKey,
      },
    },
    problems: ['not_found'],
  },
  'GET /v1/keys': {
    id: 'listKeys',
    tag: 'Access',
    summary: 'List API keys',
    access: 'admin',
    query: queryOf(keyListReaders, {
      ...pageDefaults,
      tenantId: { description: 'For operators: of another tenant.' },
    }),
    answers: {
      200: pageAnswer(keyListSchema.meta({ id: 'KeyList' }), [apiKey], 'A page of them, without the keys themselves.'),
    },
  },
  'GET /v1/keys/:id': {
    id: 'getKey',
    tag: 'Access',
    summary: 'Read an API key',
    access: 'admin',
    path: { id: keyId },
    answers: { 200: { ...stands, content: oneKey } },
    problems: ['not_found'],
  },
  'DELETE /v1/keys/:id': {
    id: 'revokeKey',
    tag: 'Access',
    summary: 'Revoke an API key',
    description: 'Every process refuses it within five seconds.',
    access: 'admin',
    path: { id: keyId },
    answers: { 204: { description: 'It is gone.' } },
    problems: ['not_found', 'bootstrap_key'],
  },
  'POST /v1/keys/:id/rotate': {
    id: 'rotateKey',
    tag: 'Access',
    summary: 'Replace an API key by a new one',
    description: 'The key of before works on for a day, or as long as `overlapSeconds` says.',
    access: 'admin',
    path: { id: keyId },
    headers: ['Idempotency-Key'],
    isBodyOptional: true,
    body: { 'application/json': { schema: rotateKeySchema, examples: { hour: { overlapSeconds: 3600 } } } },
    answers: {
      200: {
        description: 'The new key, shown in this answer only.',
        headers: ['Cache-Control!', 'Idempotency-Replayed'],
        content: withKey,
      },
    },
    problems: ['not_found', 'bootstrap_key', 'key_contended'],
  },
} as const satisfies Operations;

const tenantOperations = {
  'POST /v1/tenants': {
    id: 'createTenant',
    tag: 'Access',
    summary: 'Make a tenant',
    access: 'operator',
    headers: ['Idempotency-Key'],
    body: { 'application/json': { schema: tenantRequestSchema, examples: { acme: { name: 'Acme' } } } },
    answers: {
      201: {
        description: 'It may be given keys now.',
        headers: ['Location!', 'Cache-Control!', 'Idempotency-Replayed'],
        content: oneTenant,
      },
    },
    problems: ['tenant_id_taken', 'not_found'],
  },
  'GET /v1/tenants': {
    id: 'listTenants',
    tag: 'Access',
    summary: 'List tenants',
    access: 'operator',
    query: queryOf(listReaders, pageDefaults),
    answers: {
      200: pageAnswer(tenantListSchema.meta({ id: 'TenantList' }), [tenant]),
    },
  },
  'GET /v1/tenants/:id': {
    id: 'getTenant',
    tag: 'Access',
    summary: 'Read a tenant',
    access: 'operator',
    path: { id: tenantId },
    answers: { 200: { ...stands, content: oneTenant } },
    problems: ['not_found'],
  },
  'PATCH /v1/tenants/:id': {
    id: 'changeTenant',
    tag: 'Access',
    summary: 'Rename, suspend or activate a tenant',
    description:
      'A merge patch (RFC 7396). Within seconds the keys of a suspended tenant are refused and its short URLs answer 410; nothing is deleted.',
    access: 'operator',
    path: { id: tenantId },
    body: Object.fromEntries(
      ['application/merge-patch+json', 'application/json'].map((type) => [
        type,
        { schema: tenantPatchSchema, examples: { rename: { name: 'Acme Ltd' }, activate: { status: 'active' } } },
      ]),
    ),
    answers: { 200: { ...stands, content: oneTenant } },
    problems: ['not_found', 'default_tenant', 'tenant_contended'],
  },
} as const satisfies Operations;

export const accessOperations = {
  ...keyOperations,
  ...tenantOperations,
  'GET /v1/me': {
    id: 'whoAmI',
    tag: 'Access',
    summary: 'Who am I?',
    access: 'read',
    answers: {
      200: {
        ...stands,
        content: {
          'application/json': {
            schema: meAnswerSchema,
            examples: { me: { object: 'me', quotas, key: apiKey, tenant } },
          },
        },
      },
    },
    problems: ['not_found'],
  },
} as const satisfies Operations;
