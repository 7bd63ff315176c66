import { batchAnswerSchema, batchRowAnswerSchema } from '../../shared/contract/batch-answer.ts';
import { sharedFields } from '../../shared/contract/batch-columns.ts';
import { batchRowsReaders } from '../../shared/contract/batch-list.ts';
import { listAnswerSchema, workListReaders } from '../../shared/contract/lists.ts';
import type { JsonSchema } from '../../shared/contract/parameters.ts';
import { batchModes } from '../../shared/domain/batches/batch-mode.ts';
import { archiveReaders } from '../batch-archive.ts';
import { batch, ids } from './examples.ts';
import { bytes, type Operations, type Parameter } from './operation.ts';
import { pageAnswer } from './page-answer.ts';
import { idIn, pageDefaults, queryOf } from './parameters.ts';
import { storingProblems } from './problems-of.ts';
import { images } from './renders.ts';

const id = idIn('batch', ids.batch);
const tag = 'Batches';
const json = { 'application/json': { schema: batchAnswerSchema, examples: { batch } } } as const;
const rows = [
  { row: 1, line: 2, name: 'Menu', status: 'completed', file: 'menu.png', sha256: null, sizeBytes: 512 },
  { row: 2, line: 3, name: null, status: 'failed', file: null, sha256: null, sizeBytes: null },
].map((row, index) => ({
  ...row,
  codeId: null,
  shortUrl: null,
  error: index === 0 ? null : { code: 'invalid_request', detail: 'url must be an absolute URL', pointer: '/url' },
}));

const own: Record<string, JsonSchema> = {
  mode: { type: 'string', enum: [...batchModes], default: 'static' },
  name: { type: 'string', maxLength: 200 },
  callbackUrl: { type: 'string', format: 'uri' },
};
const fields: Record<string, JsonSchema> = {
  ...own,
  ...Object.fromEntries(sharedFields.map((name): [string, JsonSchema] => [name, { type: 'string' }])),
};
const form: JsonSchema = {
  type: 'object',
  properties: { file: { type: 'string', description: 'The CSV, in UTF-8.', contentMediaType: 'text/csv' }, ...fields },
  required: ['file'],
  additionalProperties: false,
};
const query: Record<string, Parameter> = Object.fromEntries(
  Object.entries(fields).map(([name, schema]) => [name, { schema, description: 'Beside a body of text/csv only.' }]),
);

const csvProblems = [
  ...['csv_empty', 'csv_no_header', 'csv_no_rows', 'csv_no_known_column', 'csv_column_twice', 'csv_too_large'],
  'csv_no_content_column',
  ...['csv_too_many_rows', 'csv_too_many_columns', 'csv_line_too_long', 'csv_quote_not_closed', 'csv_malformed'],
  ...['csv_workbook', 'csv_utf16', 'csv_not_utf8', 'csv_nul'],
];
const failures = ['batch_crashed', 'archive_crashed', 'file_gone', 'images_gone'];
const running = {
  headers: ['Location!', 'Retry-After!', 'Cache-Control!', 'Idempotency-Replayed'],
  content: json,
} as const;

export const batchOperations = {
  'POST /v1/batches': {
    id: 'createBatch',
    tag,
    summary: 'Turn a CSV into images',
    description:
      'As multipart `file`, with defaults of every row as further fields, or as a `text/csv` body with them in the query. A bad row fails alone.',
    access: 'write',
    query,
    headers: ['Idempotency-Key'],
    body: {
      'multipart/form-data': {
        schema: form,
        examples: { menus: { file: 'url,file\nhttps://example.com,menu\n', size: '600' } },
      },
      'text/csv': { schema: { type: 'string' }, examples: { urls: 'url\nhttps://example.com\n' } },
    },
    answers: {
      202: {
        description: 'The file is stored.',
        headers: ['Cache-Control!', 'Location', 'Content-Location', 'Retry-After', 'Idempotency-Replayed'],
        content: json,
      },
    },
    problems: [...storingProblems, ...csvProblems],
  },
  'GET /v1/batches': {
    id: 'listBatches',
    tag,
    summary: 'List batches',
    access: 'read',
    query: queryOf(workListReaders, { ...pageDefaults, status: { example: 'completed' } }),
    answers: {
      200: pageAnswer(listAnswerSchema(batchAnswerSchema).meta({ id: 'BatchList' }), [batch]),
    },
  },
  'GET /v1/batches/:id': {
    id: 'getBatch',
    tag,
    summary: 'Read the progress of a batch',
    access: 'read',
    path: { id },
    answers: { 200: { description: 'As it stands.', headers: ['Cache-Control!', 'Retry-After'], content: json } },
    problems: ['not_found'],
  },
  'GET /v1/batches/:id/rows': {
    id: 'listBatchRows',
    tag,
    summary: 'List the rows of a batch',
    access: 'read',
    path: { id },
    query: queryOf(batchRowsReaders, { limit: pageDefaults.limit, status: { example: 'failed' } }),
    answers: {
      200: pageAnswer(
        listAnswerSchema(batchRowAnswerSchema).meta({ id: 'BatchRowList' }),
        rows,
        'A page of them, in their order.',
      ),
    },
    problems: ['not_found', 'batch_expired'],
  },
  'GET /v1/batches/:id/rows/:row/image': {
    id: 'getBatchRowImage',
    tag,
    summary: 'Fetch the image of one row',
    description: 'The code of a row that failed stands in `errors`.',
    access: 'read',
    path: { id, row: { schema: { type: 'integer', minimum: 1 }, description: 'Counted from 1.', example: 1 } },
    headers: ['If-None-Match'],
    answers: {
      200: { description: 'The image.', headers: ['ETag!', 'Cache-Control!', 'Content-Disposition!'], content: images },
      304: { description: 'It is the one that the caller has.', headers: ['ETag!', 'Cache-Control!'] },
    },
    problems: [
      'not_found',
      'no_image',
      'row_failed',
      'row_not_ready',
      'batch_expired',
      'image_gone',
      'storage_unavailable',
    ],
  },
  'GET /v1/batches/:id/archive': {
    id: 'getBatchArchive',
    tag,
    summary: 'Download the ZIP of a batch',
    access: 'read',
    path: { id },
    query: queryOf(archiveReaders, { part: { default: 1, example: 1 } }),
    headers: ['If-None-Match', 'Range', 'If-Range'],
    answers: {
      200: {
        description: 'The part.',
        headers: ['ETag!', 'Cache-Control!', 'Content-Disposition!', 'Accept-Ranges!'],
        content: { 'application/zip': { schema: bytes } },
      },
      206: {
        description: 'The range of it.',
        headers: ['ETag!', 'Content-Range!', 'Accept-Ranges!', 'Cache-Control!'],
        content: { 'application/zip': { schema: bytes } },
      },
      304: { description: 'It is the one that the caller has.', headers: ['ETag!', 'Cache-Control!'] },
    },
    problems: [
      'not_found',
      'no_archive',
      'batch_not_ready',
      'batch_expired',
      'archive_gone',
      'range_not_satisfiable',
      'storage_unavailable',
      ...failures,
    ],
  },
  'GET /v1/batches/:id/events': {
    id: 'listenToBatch',
    tag,
    summary: 'Listen to the progress of a batch',
    description: 'Server-sent events: `progress` with the batch as it stands, a last `end`.',
    access: 'read',
    path: { id },
    headers: ['Last-Event-ID'],
    answers: {
      200: {
        description: 'Events until the end.',
        headers: ['Cache-Control!'],
        content: { 'text/event-stream': { schema: bytes } },
      },
      204: { description: 'The listener knows the end already.', headers: ['Cache-Control!'] },
    },
    problems: ['not_found', 'too_many_listeners', 'listeners_full'],
  },
  'POST /v1/batches/:id/cancel': {
    id: 'cancelBatch',
    tag,
    summary: 'Stop a batch',
    description: 'What is done stays.',
    access: 'write',
    path: { id },
    headers: ['Idempotency-Key'],
    answers: {
      200: {
        description: 'It is cancelled.',
        headers: ['Content-Location!', 'Cache-Control!', 'Idempotency-Replayed'],
        content: json,
      },
      202: { description: 'It is being cancelled.', ...running },
    },
    problems: ['not_found', 'batch_ended', ...storingProblems],
  },
  'POST /v1/batches/:id/retry': {
    id: 'retryBatch',
    tag,
    summary: 'Run the failed rows of a batch again',
    access: 'write',
    path: { id },
    headers: ['Idempotency-Key'],
    answers: {
      200: {
        description: 'It has ended again.',
        headers: ['Content-Location!', 'Cache-Control!', 'Idempotency-Replayed'],
        content: json,
      },
      202: { description: 'It runs again.', ...running },
    },
    problems: ['batch_expired', 'not_found', 'batch_not_completed', 'nothing_to_retry', ...storingProblems],
  },
} satisfies Operations;
