import { beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../../api/openapi/document.ts';
import { bytes, type MediaType, type Operation } from '../../api/openapi/operation.ts';
import { operations } from '../../api/openapi/operations.ts';
import { roles } from '../../shared/domain/access.ts';
import { AnswerCheck } from '../support/answer-check.ts';
import { type ApiUnderTest, newBody, newPng, publicUrl, startApi } from './support/api-under-test.ts';
import { type Fixtures, pathOf, plantFixtures } from './support/fixtures.ts';

const check = new AnswerCheck(openApiDocument(publicUrl));
const lines = Object.entries(operations);
let api: ApiUnderTest;
let fixtures: Fixtures;

beforeAll(async () => {
  api = await startApi();
  for (const role of roles) await api.addKey(`key-of-${role}`, role, 'default');
  fixtures = await plantFixtures(api);
});

type Sent = { path?: string; headers?: Record<string, string>; body?: string | Buffer | FormData; key?: string | null };

/** Sends a request to an operation and holds the answer against the document. */
async function send(line: string, { path, headers = {}, body, key }: Sent = {}) {
  const [method = ''] = line.split(' ');
  const target = path ?? pathOf(line, fixtures);
  const init = { method, headers, ...(body === undefined ? {} : { body }), ...(key === undefined ? {} : { key }) };
  const answer = await api.call(target, init);
  expect(check.problems(method, target, answer)).toEqual([]);
  return answer;
}

const first = (record: Readonly<Record<string, MediaType>> | undefined): [string, MediaType] | undefined =>
  Object.entries(record ?? {})[0];

function bodyOf(type: string, example: unknown): string | Buffer | FormData {
  if (type === 'multipart/form-data') {
    const form = new FormData();
    const fields = Object.entries((example ?? { file: newPng() }) as Record<string, string | Buffer>);
    for (const [name, value] of fields)
      form.append(name, name === 'file' ? new Blob([value as string]) : String(value));
    return form;
  }
  if (type.startsWith('image/') || type === 'application/octet-stream') return newPng();
  return typeof example === 'string' ? example : JSON.stringify(example);
}

/** FormData brings its own Content-Type, with a boundary. */
const typed = (type: string): Record<string, string> =>
  type === 'multipart/form-data' ? {} : { 'content-type': type };

/** Sends the first body that an operation shows, or none. */
function sendFirst(line: string, { body }: Operation, more: Sent = {}) {
  const [type, media] = first(body) ?? [];
  if (type === undefined) return send(line, more);
  const example = Object.values(media?.examples ?? {})[0];
  return send(line, { headers: { ...typed(type), ...more.headers }, body: bodyOf(type, example), ...more });
}

const query = ({ query: parameters = {} }: Operation, all: boolean): string => {
  const told = Object.entries(parameters).filter(
    ([, { required, example }]) => required || (all && example !== undefined),
  );
  const words = told.map(([name, { example }]) => `${name}=${encodeURIComponent(String(example))}`);
  return words.length === 0 ? '' : `?${words.join('&')}`;
};

const keyed = lines.filter(([, { access }]) => access !== 'none' && access !== 'open');

describe('every operation answers its own examples as the document says:', () => {
  it.each(lines)('%s', async (line, operation) => {
    const bodies = Object.entries(operation.body ?? { '': { schema: bytes } });
    for (const [type, { examples = { none: undefined } }] of bodies)
      for (const example of Object.values(examples)) {
        const isTold = type === '' || type === 'text/csv';
        const path = `${pathOf(line, await plantFixtures(api))}${isTold ? query(operation, !operation.body) : ''}`;
        const sent = type === '' ? { path } : { path, headers: typed(type), body: bodyOf(type, example) };
        const answer = await send(line, sent);
        expect(Object.keys(operation.answers), `${answer.status} ${answer.body.toString().slice(0, 300)}`).toContain(
          String(answer.status),
        );
      }
  });
});

describe('every operation refuses as the document says', () => {
  it.each(keyed)('whoever has no key, or a wrong one: %s', async (line, operation) => {
    expect((await sendFirst(line, operation, { key: null })).status).toBe(401);
    expect((await sendFirst(line, operation, { key: 'qrf_unknown' })).status).toBe(401);
  });

  it.each(keyed)('every lesser role, and no other: %s', async (line, operation) => {
    const needed = roles.indexOf(operation.access as (typeof roles)[number]);
    for (const role of roles) {
      const { status } = await sendFirst(line, operation, {
        path: pathOf(line, fixtures, 'absent'),
        key: `key-of-${role}`,
      });
      const mayEnter = roles.indexOf(role) <= needed;
      expect([role, status === 403]).toEqual([role, !mayEnter]);
    }
  });

  it.each(keyed)('a parameter that it does not know: %s', async (line, operation) => {
    const answer = await sendFirst(line, operation, { path: `${pathOf(line, fixtures)}?nonsense=1` });
    expect(answer.status, answer.body.toString()).toBe(422);
  });

  it.each(lines.filter(([line]) => /\/:(?!code|file)/.test(line)))(
    'an id that is not there: %s',
    async (line, operation) => {
      expect((await sendFirst(line, operation, { path: pathOf(line, fixtures, 'absent') })).status).toBe(404);
    },
  );

  // What takes no body refuses one that says something.
  it.each(lines.filter(([line]) => !line.startsWith('GET ')))('bodies of other kinds: %s', async (line, { body }) => {
    const answer = await send(line, { headers: { 'content-type': 'application/yaml' }, body: 'a: b' });
    expect(answer.status).toBe(415);
    if (body === undefined || 'application/json' in body) {
      const json = { 'content-type': 'application/json' };
      expect((await send(line, { headers: json, body: '{' })).status).toBe(400);
      expect((await send(line, { headers: json, body: '{"a":1,"a":2}' })).status).toBe(400);
      expect((await send(line, { headers: json, body: '{"nonsense":1}' })).status).toBe(422);
      expect((await send(line, { headers: json, body: `"${'x'.repeat(70_000)}"` })).status).toBe(413);
      expect((await send(line, { headers: { ...json, 'content-encoding': 'gzip' }, body: '{}' })).status).toBe(415);
    }
  });

  it.each(lines.filter(([, { headers }]) => headers?.includes('Idempotency-Key')))(
    'an Idempotency-Key that is none: %s',
    async (line, operation) => {
      const answer = await sendFirst(line, operation, {
        headers: { ...typed(first(operation.body)?.[0] ?? 'multipart/form-data'), 'idempotency-key': 'é' },
      });
      expect(answer.status).toBe(422);
    },
  );

  it('methods that a path lacks, and paths that are not there', async () => {
    for (const [path, status] of [
      ['/v1/renders', 405],
      ['/v1/nothing', 404],
    ] as const) {
      const answer = await api.call(path, { method: 'DELETE' });
      expect(answer.status).toBe(status);
    }
  });

  it('work while the queue is away', async () => {
    api.queues.away = true;
    try {
      const asCsv = {
        path: '/v1/batches',
        headers: { 'content-type': 'text/csv' },
        body: 'url\nhttps://example.com\n',
      };
      const asJson = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(newBody()) };
      const asPng = { headers: { 'content-type': 'image/png' }, body: newPng() };
      expect((await send('POST /v1/batches', asCsv)).status).toBe(503);
      expect((await send('POST /v1/renders', asJson)).status).toBe(503);
      expect((await send('POST /v1/logos', asPng)).status).toBe(503);
      expect((await send('GET /v1/qr', { path: '/v1/qr?data=away' })).status).toBe(503);
      expect((await send('GET /readyz')).status).toBe(503);
    } finally {
      api.queues.away = false;
    }
  });
});

describe('the examples in the document', () => {
  it('are what its schemas say', () => {
    for (const [line, operation] of lines)
      for (const [status, { content = {} }] of Object.entries(operation.answers))
        for (const [type, { examples = {} }] of Object.entries(content))
          for (const example of Object.values(examples)) {
            const body = Buffer.from(typeof example === 'string' ? example : JSON.stringify(example));
            const told = operation.answers[Number(status)]?.headers ?? [];
            const headers = new Headers([...told.map((name) => [name.replace('!', ''), '"x"'] as [string, string])]);
            headers.set('content-type', type);
            headers.set('request-id', 'x');
            const [method = '', path = ''] = line.split(' ');
            const plain = path.replace(/:(\w+)/g, 'x');
            expect(check.problems(method, plain, { status: Number(status), headers, body })).toEqual([]);
          }
  });
});
