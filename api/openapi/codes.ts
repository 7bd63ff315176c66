import { codeAnswerSchema, targetVersionSchema } from '../../shared/contract/code-answer.ts';
import { codeListReaders, historyReaders } from '../../shared/contract/code-list.ts';
import { codePatchSchema, codeRequestSchema, rollbackRequestSchema } from '../../shared/contract/code-request.ts';
import { listAnswerSchema } from '../../shared/contract/lists.ts';
import { code, ids } from './examples.ts';
import { imageParameters } from './images.ts';
import type { Operations } from './operation.ts';
import { pageAnswer } from './page-answer.ts';
import { idIn, pageDefaults, queryOf } from './parameters.ts';
import { drawingProblems } from './problems-of.ts';
import { images, oneCallProblems } from './renders.ts';

const id = idIn('code', ids.code);
const tag = 'Codes';
const json = { 'application/json': { schema: codeAnswerSchema, examples: { code } } } as const;
const shown = {
  description: 'The code as it stands then.',
  headers: ['ETag!', 'Content-Location!', 'Cache-Control!', 'Idempotency-Replayed'],
  content: json,
} as const;
const changing = ['not_found', 'precondition_failed', 'code_contended', 'database_full'] as const;
const withLogo = [...drawingProblems, 'logo_too_large', 'logo_too_many_pixels', 'logo_damaged', 'logo_animated'];
const patchExamples = {
  retarget: { target: 'https://example.com/summer' },
  pause: { status: 'paused', fallbackTarget: 'https://example.com/closed' },
  clear: { title: null, tags: ['table 8'] },
};

export const codeOperations = {
  'POST /v1/codes': {
    id: 'createCode',
    tag,
    summary: 'Make a dynamic code',
    access: 'write',
    headers: ['Idempotency-Key'],
    body: {
      'application/json': {
        schema: codeRequestSchema,
        examples: {
          plain: { target: 'https://example.com/spring' },
          full: {
            target: 'https://example.com/spring',
            title: 'Spring menu',
            tags: ['table 7'],
            imageOptions: { size: 600, errorCorrection: 'Q' },
            forwardQuery: true,
            metadata: { floor: 2 },
          },
        },
      },
    },
    answers: {
      201: {
        description: 'It is made, and can be scanned.',
        headers: ['Location!', 'ETag!', 'Cache-Control!', 'Idempotency-Replayed'],
        content: json,
      },
    },
    problems: ['slug_taken', 'no_free_slug', 'database_full', ...withLogo],
  },
  'GET /v1/codes': {
    id: 'listCodes',
    tag,
    summary: 'Search and list codes',
    description: 'Archived codes are left out unless `status`, `slug` or `externalId` asks for them.',
    access: 'read',
    query: queryOf(codeListReaders, {
      ...pageDefaults,
      q: {
        description:
          "Up to 8 words: each must begin a word of slug, external id, title, tags, or the target's host and path.",
        example: 'spring',
      },
      tag: { description: 'Codes with exactly this tag.', example: 'table 7' },
      status: { description: 'Codes that stand so.', example: 'active' },
      slug: { description: 'The code of this slug, in any case.' },
      externalId: { description: 'Codes with exactly this external id.' },
      batchId: { description: 'Codes that this batch made.' },
    }),
    answers: {
      200: pageAnswer(listAnswerSchema(codeAnswerSchema).meta({ id: 'CodeList' }), [code]),
    },
  },
  'GET /v1/codes/:id': {
    id: 'getCode',
    tag,
    summary: 'Read a code',
    access: 'read',
    path: { id },
    headers: ['If-None-Match'],
    answers: {
      200: shown,
      304: {
        description: 'It is as the caller knows it, scans included.',
        headers: ['ETag!', 'Content-Location!', 'Cache-Control!'],
      },
    },
    problems: ['not_found'],
  },
  'PATCH /v1/codes/:id': {
    id: 'changeCode',
    tag,
    summary: 'Change a code',
    description: 'A merge patch (RFC 7396): what is not named stays, null clears.',
    access: 'write',
    path: { id },
    headers: ['If-Match'],
    body: {
      'application/json': { schema: codePatchSchema, examples: patchExamples },
      'application/merge-patch+json': { schema: codePatchSchema, examples: patchExamples },
    },
    answers: { 200: shown },
    problems: [...changing, 'code_archived', ...withLogo],
  },
  'DELETE /v1/codes/:id': {
    id: 'archiveCode',
    tag,
    summary: 'Archive a code',
    description: 'It keeps its slug and its history, and can be restored.',
    access: 'write',
    path: { id },
    headers: ['If-Match'],
    answers: { 204: { description: 'It is archived.', headers: ['ETag!'] } },
    problems: changing,
  },
  'POST /v1/codes/:id/restore': {
    id: 'restoreCode',
    tag,
    summary: 'Bring an archived code back',
    access: 'write',
    path: { id },
    headers: ['If-Match'],
    answers: { 200: shown },
    problems: changing,
  },
  'GET /v1/codes/:id/history': {
    id: 'listCodeTargets',
    tag,
    summary: 'List every target that a code had',
    access: 'read',
    path: { id },
    query: queryOf(historyReaders, { limit: pageDefaults.limit }),
    answers: {
      200: {
        description: 'The newest first.',
        headers: ['Cache-Control!', 'Link'],
        content: {
          'application/json': {
            schema: listAnswerSchema(targetVersionSchema).meta({ id: 'TargetVersionList' }),
            examples: {
              page: {
                data: [
                  { version: 3, target: code.target, from: code.createdAt, to: null, changedBy: 'key_4bF1vC9mZk8X' },
                ],
                nextCursor: null,
              },
            },
          },
        },
      },
    },
    problems: ['not_found'],
  },
  'POST /v1/codes/:id/rollback': {
    id: 'rollBackCode',
    tag,
    summary: 'Lead a code back to an earlier target',
    description: 'It becomes a new version.',
    access: 'write',
    path: { id },
    headers: ['Idempotency-Key', 'If-Match'],
    body: { 'application/json': { schema: rollbackRequestSchema, examples: { first: { version: 1 } } } },
    answers: { 200: shown },
    problems: [...changing, 'code_archived'],
  },
  'GET /v1/codes/:id/image': {
    id: 'getCodeImage',
    tag,
    summary: "Fetch a code's image",
    description: "Parameters override the code's `imageOptions`.",
    access: 'read',
    path: { id },
    query: {
      ...imageParameters,
      logoId: {
        schema: { type: 'string', pattern: '^(logo_.*)?$' },
        description: `The id of an uploaded logo, such as ${ids.logo}; empty: none, whatever the code's own options say.`,
      },
    },
    headers: ['If-None-Match'],
    answers: {
      200: {
        description: 'The image.',
        headers: ['ETag!', 'Cache-Control!', 'Content-Disposition!', 'Vary'],
        content: images,
      },
      304: { description: 'It is the one that the caller has.', headers: ['ETag!', 'Cache-Control!'] },
    },
    problems: ['not_found', ...oneCallProblems],
  },
} satisfies Operations;
