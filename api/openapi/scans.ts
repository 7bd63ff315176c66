import { analyticsAnswerSchema } from '../../shared/contract/analytics-answer.ts';
import { analyticsReaders, codesAnalyticsReaders } from '../../shared/contract/analytics-query.ts';
import { scanListSchema } from '../../shared/contract/scan-answer.ts';
import { scanReaders } from '../../shared/contract/scan-query.ts';
import { analytics, ids, scan } from './examples.ts';
import type { Operations } from './operation.ts';
import { idIn, pageDefaults, queryOf } from './parameters.ts';

const id = idIn('code', ids.code);
/** For who asks for HTML. */
const page = { 'text/html': { schema: { type: 'string' } } } as const;
const tag = 'Scans';
const counted = {
  200: {
    description: 'What the scans of the range come to.',
    headers: ['Cache-Control!'],
    content: { 'application/json': { schema: analyticsAnswerSchema, examples: { day: analytics } } },
  },
} as const;
const range = {
  from: { example: '2026-11-01' },
  to: {
    example: '2026-11-23T12:00:00Z',
    description:
      'Not included; one that is still to come counts as the end of its quarter of an hour, and the answer says so.',
  },
  interval: { default: 'day', example: 'week' },
  timeZone: { default: 'UTC', example: 'Europe/Berlin' },
  bots: { default: 'exclude' },
  source: { description: 'Symbol (`qr`) or typed and shared links (`link`); both without it.' },
};

export const scanOperations = {
  'GET /v1/codes/:id/analytics': {
    id: 'getCodeAnalytics',
    tag,
    summary: 'Count the scans of a code',
    access: 'read',
    path: { id },
    query: queryOf(analyticsReaders, range),
    answers: counted,
    problems: ['not_found'],
  },
  'GET /v1/analytics': {
    id: 'getAnalytics',
    tag,
    summary: 'Count the scans of many codes',
    description: 'Of all codes, of those with `tag`, or of `batchId`.',
    access: 'read',
    query: queryOf(codesAnalyticsReaders, { ...range, tag: { example: 'table 7' } }),
    answers: counted,
  },
  'GET /v1/codes/:id/scans': {
    id: 'listScans',
    tag,
    summary: 'List or export the scans of a code',
    description: 'Pages as JSON; with `format=csv` or `ndjson` (or `Accept`) all of the range as a stream.',
    access: 'read',
    path: { id },
    query: queryOf(scanReaders, {
      limit: pageDefaults.limit,
      sort: { default: '-at' },
      from: { example: '2026-11-01' },
      bots: { default: 'include' },
      format: { description: 'It beats Accept.' },
    }),
    answers: {
      200: {
        description: 'A page, or the export.',
        headers: ['Cache-Control!', 'Vary!', 'Link', 'Content-Disposition'],
        content: {
          'application/json': {
            schema: scanListSchema.meta({ id: 'ScanList' }),
            examples: { page: { data: [scan], nextCursor: null, attribution: analytics.attribution } },
          },
          'text/csv': { schema: { type: 'string' } },
          'application/x-ndjson': { schema: { type: 'string' } },
        },
      },
    },
    problems: ['not_found'],
  },
  'GET /:slug': {
    id: 'followCode',
    tag,
    summary: 'Follow a short URL',
    description: 'What a phone does that scanned the symbol. The scan is on the disk before the answer.',
    access: 'none',
    path: {
      slug: { schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9-]{1,62}[A-Za-z0-9]$' }, example: 'ab3de9xk' },
    },
    answers: {
      302: { description: 'Where the code leads.', headers: ['Location!', 'Cache-Control!'] },
      404: { description: 'A small page for browsers.', headers: ['Cache-Control!'], content: page },
      410: { description: 'A small page for browsers.', headers: ['Cache-Control!'], content: page },
    },
    problems: [
      'too_many_requests',
      'code_not_found',
      'not_found',
      'code_not_in_use',
      'codes_unavailable',
      'database_unavailable',
    ],
  },
} satisfies Operations;
