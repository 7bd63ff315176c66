import { listAnswerSchema, listReaders } from '../../shared/contract/lists.ts';
import { logoAnswerSchema } from '../../shared/contract/logo-answer.ts';
import { ids, logo } from './examples.ts';
import { bytes, type Operations } from './operation.ts';
import { pageAnswer } from './page-answer.ts';
import { idIn, pageDefaults, queryOf } from './parameters.ts';
import { storingProblems } from './problems-of.ts';

const id = idIn('logo', ids.logo);
const tag = 'Logos';
const json = { 'application/json': { schema: logoAnswerSchema, examples: { logo } } } as const;
const headers = ['Cache-Control!', 'Idempotency-Replayed'] as const;

export const logoOperations = {
  'POST /v1/logos': {
    id: 'createLogo',
    tag,
    summary: 'Upload a logo',
    description:
      'PNG, JPEG or WebP by its bytes. A worker decodes it before the answer; the same bytes have the same id.',
    access: 'write',
    headers: ['Idempotency-Key'],
    body: {
      'image/png': { schema: bytes },
      'image/jpeg': { schema: bytes },
      'image/webp': { schema: bytes },
      'application/octet-stream': { schema: bytes },
      'multipart/form-data': {
        schema: {
          type: 'object',
          properties: { file: { type: 'string', contentMediaType: 'application/octet-stream' } },
          required: ['file'],
          additionalProperties: false,
        },
      },
    },
    answers: {
      200: { description: 'It was there already.', headers: [...headers, 'Content-Location!'], content: json },
      201: { description: 'It is stored and checked.', headers: [...headers, 'Location!'], content: json },
    },
    problems: [
      ...storingProblems,
      ...['logo_too_large', 'logo_too_many_pixels', 'logo_type', 'logo_damaged', 'logo_trailing_data', 'logo_animated'],
      ...['logo_failed', 'logo_crashed', 'logo_unchecked', 'logo_not_found', 'logo_check_pending', 'logo_gone'],
      ['storage_unavailable', 422],
    ],
  },
  'GET /v1/logos': {
    id: 'listLogos',
    tag,
    summary: 'List logos',
    access: 'read',
    query: queryOf(listReaders, pageDefaults),
    answers: {
      200: pageAnswer(listAnswerSchema(logoAnswerSchema).meta({ id: 'LogoList' }), [logo]),
    },
  },
  'GET /v1/logos/:id': {
    id: 'getLogo',
    tag,
    summary: 'Read a logo',
    access: 'read',
    path: { id },
    answers: {
      200: { description: 'What is known of it.', headers: ['Cache-Control!', 'Content-Location!'], content: json },
    },
    problems: ['not_found'],
  },
  'DELETE /v1/logos/:id': {
    id: 'deleteLogo',
    tag,
    summary: 'Delete a logo',
    description: 'What was drawn with it stays; nothing new is drawn with it.',
    access: 'write',
    path: { id },
    answers: { 204: { description: 'It is gone.' } },
    problems: ['not_found', 'database_full'],
  },
} satisfies Operations;
