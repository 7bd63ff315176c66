import type { JsonSchema } from '../../shared/contract/parameters.ts';
import { bytes, type MediaType, type Operations } from './operation.ts';

const tag = 'Service';
const word: JsonSchema = { type: 'string', enum: ['ok', 'unavailable'] };
const workers: JsonSchema = {
  type: 'string',
  enum: ['ok', 'unavailable', 'unknown'],
  description: 'Whether a worker was heard of within ten seconds; unknown while the queue is away.',
};
const journal: JsonSchema = { ...word, description: 'Whether scans can be written to the disk.' };
const html = { 'text/html': { schema: { type: 'string' } } } as const;
const readiness: MediaType = {
  schema: {
    type: 'object',
    properties: {
      status: { type: 'string', enum: ['ok', 'degraded', 'unavailable'] },
      checks: {
        type: 'object',
        properties: { database: word, queue: word, objectStore: word, workers, journal },
        required: ['database', 'queue', 'objectStore', 'workers', 'journal'],
      },
    },
    required: ['status', 'checks'],
  },
};

export const serviceOperations = {
  'GET /healthz': {
    id: 'isAlive',
    tag,
    summary: 'Is the process alive?',
    access: 'none',
    answers: {
      200: {
        description: 'It is.',
        headers: ['Cache-Control!'],
        content: {
          'application/json': {
            schema: { type: 'object', properties: { status: { type: 'string', const: 'ok' } }, required: ['status'] },
            examples: { ok: { status: 'ok' } },
          },
        },
      },
    },
  },
  'GET /readyz': {
    id: 'isReady',
    tag,
    summary: 'Can it work?',
    access: 'none',
    answers: {
      200: {
        description: 'All that it needs answers; `degraded` when no worker does, so that what it accepts waits.',
        headers: ['Cache-Control!'],
        content: { 'application/json': readiness },
      },
      503: {
        description:
          'Something is away; `checks` says what. Redirects, and images that are there, may be answered still.',
        headers: ['Cache-Control!', 'Retry-After!'],
        content: { 'application/json': readiness },
      },
    },
  },
  'GET /metrics': {
    id: 'readMetrics',
    tag,
    summary: 'Numbers for Prometheus',
    description: 'The text format 0.0.4. `METRICS_TOKEN` opens it as an operator key does.',
    access: 'operator',
    answers: {
      200: {
        description: 'What this process and all workers counted, and how things stand now.',
        headers: ['Cache-Control!'],
        content: { 'text/plain': { schema: { type: 'string' } } },
      },
    },
  },
  'GET /': {
    id: 'start',
    tag,
    summary: 'What answers here',
    access: 'none',
    answers: {
      200: {
        description: 'The name of the service and where to begin.',
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: {
                name: { type: 'string' },
                links: { type: 'object', additionalProperties: { type: 'string' } },
              },
              required: ['name', 'links'],
            },
          },
          ...html,
        },
      },
    },
  },
  'GET /openapi.json': {
    id: 'getDocument',
    tag,
    summary: 'This document',
    access: 'none',
    headers: ['If-None-Match'],
    answers: {
      200: {
        description: 'OpenAPI 3.1.',
        headers: ['ETag!', 'Cache-Control!'],
        content: { 'application/json': { schema: { type: 'object' } } },
      },
      304: { description: 'It is the one that the caller has.', headers: ['ETag!', 'Cache-Control!'] },
    },
  },
  'GET /docs': {
    id: 'readReference',
    tag,
    summary: 'This reference, as a page',
    access: 'none',
    answers: { 200: { description: 'The page.', headers: ['Cache-Control!'], content: html } },
  },
  'GET /docs/:file': {
    id: 'getReferenceFile',
    tag,
    summary: 'A script or style of the reference',
    access: 'none',
    path: { file: { schema: { type: 'string' }, example: 'swagger-ui.css' } },
    headers: ['If-None-Match'],
    answers: {
      200: {
        description: 'The file.',
        headers: ['ETag!', 'Cache-Control!'],
        content: {
          'text/css': { schema: { type: 'string' } },
          'text/javascript': { schema: { type: 'string' } },
          'image/png': { schema: bytes },
        },
      },
      304: { description: 'It is the one that the caller has.', headers: ['ETag!', 'Cache-Control!'] },
    },
    problems: ['not_found'],
  },
  'GET /problems': {
    id: 'listProblems',
    tag,
    summary: 'Every code that an error may carry',
    access: 'none',
    answers: { 200: { description: 'The page.', headers: ['Cache-Control!'], content: html } },
  },
  'GET /problems/:code': {
    id: 'readProblem',
    tag,
    summary: 'What a code means, and what to do',
    description: 'The `type` of every problem leads here.',
    access: 'none',
    path: { code: { schema: { type: 'string' }, example: 'invalid-request' } },
    answers: { 200: { description: 'The page.', headers: ['Cache-Control!'], content: html } },
    problems: ['not_found'],
  },
} satisfies Operations;
