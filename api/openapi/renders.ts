import { listAnswerSchema, workListReaders } from '../../shared/contract/lists.ts';
import { renderAnswerSchema } from '../../shared/contract/render-answer.ts';
import { renderRequestSchema } from '../../shared/contract/render-request.ts';
import { callbackUrl } from '../../shared/contract/webhook-request.ts';
import { ids, queuedRender, render } from './examples.ts';
import { bytes, type Operations } from './operation.ts';
import { pageAnswer } from './page-answer.ts';
import { idIn, pageDefaults, queryOf } from './parameters.ts';
import { drawingProblems, imageProblems, storingProblems } from './problems-of.ts';

const id = idIn('render', ids.render);
const tag = 'Renders';

const renderRequest = renderRequestSchema.extend({ callbackUrl }).meta({ id: 'RenderRequest' });
const images = { 'image/png': { schema: bytes }, 'image/svg+xml': { schema: bytes } } as const;
const json = { 'application/json': { schema: renderAnswerSchema, examples: { completed: render } } } as const;

export const renderOperations = {
  'POST /v1/renders': {
    id: 'createRender',
    tag,
    summary: 'Draw a QR code',
    description:
      'Waits a moment for the end (`DEFAULT_WAIT_MS`, or as `Prefer` says). The same request has the same id, and what was drawn is not drawn again. With `Accept: image/png` or `image/svg+xml` the answer is the image.',
    access: 'write',
    headers: ['Idempotency-Key', 'Prefer'],
    body: {
      'application/json': {
        schema: renderRequest,
        examples: {
          url: { content: { type: 'url', url: 'https://example.com' } },
          wifi: {
            content: { type: 'wifi', ssid: 'Guests', password: 'correct horse', security: 'WPA' },
            format: 'svg',
            errorCorrection: 'Q',
          },
          contact: {
            content: {
              type: 'vcard',
              firstName: 'Ada',
              lastName: 'Lovelace',
              email: ['ada@example.com'],
              phone: '+44 20 7946 0018',
            },
            size: 600,
            foreground: '#1a2b3c',
          },
          event: {
            content: {
              type: 'event',
              title: 'Opening',
              start: '2026-12-01T18:30:00+01:00',
              end: '2026-12-01T20:00:00+01:00',
            },
          },
          place: { content: { type: 'geo', latitude: 52.52, longitude: 13.405, label: 'Berlin' }, margin: 2 },
        },
      },
    },
    answers: {
      200: {
        description: 'It has ended: completed, or failed with `error`. Or its image, where that was accepted.',
        headers: [
          'Content-Location!',
          'Cache-Control!',
          'Preference-Applied',
          'Idempotency-Replayed',
          'ETag',
          'Content-Disposition',
        ],
        content: { ...json, ...images },
      },
      202: {
        description: 'It is accepted and not drawn yet: poll `Location`.',
        headers: ['Location!', 'Retry-After!', 'Cache-Control!', 'Preference-Applied', 'Idempotency-Replayed'],
        content: { 'application/json': { schema: renderAnswerSchema, examples: { queued: queuedRender } } },
      },
    },
    problems: [...imageProblems, ...['logo_too_large', 'logo_too_many_pixels', 'render_gone', 'image_not_ready']],
  },
  'GET /v1/renders': {
    id: 'listRenders',
    tag,
    summary: 'List renders',
    access: 'read',
    query: queryOf(workListReaders, { ...pageDefaults, status: { example: 'completed' } }),
    answers: {
      200: pageAnswer(listAnswerSchema(renderAnswerSchema).meta({ id: 'RenderList' }), [render]),
    },
  },
  'GET /v1/renders/:id': {
    id: 'getRender',
    tag,
    summary: 'Read a render',
    access: 'read',
    path: { id },
    answers: { 200: { description: 'As it stands.', headers: ['Cache-Control!', 'Retry-After'], content: json } },
    problems: ['not_found'],
  },
  'DELETE /v1/renders/:id': {
    id: 'deleteRender',
    tag,
    summary: 'Delete a render and its image',
    description: 'One that runs has its result discarded.',
    access: 'write',
    path: { id },
    answers: { 204: { description: 'It is gone.' } },
    problems: ['not_found', ...storingProblems],
  },
  'GET /v1/renders/:id/image': {
    id: 'getRenderImage',
    tag,
    summary: 'Fetch the image of a render',
    description:
      'Needs no key: the id is the capability. The bytes never change; a query is ignored, so that it can pass a cache by.',
    access: 'none',
    path: { id },
    headers: ['If-None-Match'],
    answers: {
      200: {
        description: 'The image.',
        headers: ['ETag!', 'Cache-Control!', 'Content-Disposition!'],
        content: images,
      },
      302: {
        description: 'It was purged, and today another image is drawn: it has another id.',
        headers: ['Location!', 'Cache-Control!'],
      },
      304: { description: 'It is the one that the caller has.', headers: ['ETag!', 'Cache-Control!'] },
    },
    problems: [
      'too_many_requests',
      'not_found',
      'render_not_ready',
      'image_not_ready',
      'database_unavailable',
      ...imageProblems,
    ],
  },
} satisfies Operations;

/** Problems of everything that draws and answers an image at once. */
export const oneCallProblems = [...imageProblems, ...drawingProblems, 'image_not_ready'];
export { images };
