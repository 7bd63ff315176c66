import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../api/openapi/document.ts';
import { operations } from '../../api/openapi/operations.ts';
import { createRouter, type Handlers } from '../../api/routes.ts';
import { breakingChanges } from './breaking-changes.ts';
import { root } from './source-files.ts';

/** Stands for every handler and for whatever is asked of one. */
const anything: unknown = new Proxy(() => anything, { get: () => anything, apply: () => anything });

/** Pages for operators, and what these pages call: no part of the API. */
const pagesOnly = /^[A-Z]+ \/admin\/queues\b/;

/** The URL table as the router has it. */
function routes(): string[] {
  const handlers = new Proxy({}, { get: () => anything }) as Handlers;
  return createRouter(handlers)
    .stack.flatMap(({ methods, path }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${String(path)}`),
    )
    .filter((line) => !pagesOnly.test(line));
}

/** Answered in front of the router. */
const beforeTheRouter = ['GET /:slug'];

type Document = Parameters<typeof breakingChanges>[0];
const copy = (): Document => JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8'));
const made = (): Document => JSON.parse(JSON.stringify(openApiDocument('http://localhost:3000')));

describe("the API's document", () => {
  it('has an operation for every route, and no other: add it in api/openapi/', () => {
    expect(routes().length).toBeGreaterThan(40);
    expect(Object.keys(operations).sort()).toEqual([...routes(), ...beforeTheRouter].sort());
  });

  it('describes every variable of a path', () => {
    const variables = (line: string) => [...line.matchAll(/:(\w+)/g)].map(([, name]) => name);
    for (const [line, { path = {} }] of Object.entries(operations))
      expect(Object.keys(path), line).toEqual(variables(line));
  });

  it('gives each operation a name of its own', () => {
    const names = Object.values(operations).map(({ id }) => id);
    expect(new Set(names).size).toBe(names.length);
  });

  it('breaks no client of the copy in docs/openapi.json', () => {
    expect(breakingChanges(copy(), made())).toEqual([]);
  });

  it('is the copy in docs/openapi.json: `npm run openapi` writes it anew', () => {
    expect(made()).toEqual(copy());
  });
});

describe('a breaking change', () => {
  const changed = (change: (document: Document) => void): string[] => {
    const document = copy();
    change(document);
    return breakingChanges(copy(), document);
  };
  // biome-ignore lint/suspicious/noExplicitAny: the tests reach deep into a document.
  const at = (document: Document, path: string, method: string): any => document.paths[path]?.[method];
  // biome-ignore lint/suspicious/noExplicitAny: the same.
  const schema = (document: any, name: string): any => document.components.schemas[name];

  const parametersOf = (document: Document, path: string) =>
    Object.fromEntries(at(document, path, 'get').parameters.map((each: { name: string }) => [each.name, each]));

  it('is a path or method that was removed', () => {
    const found = changed(({ paths }) => void delete paths['/v1/renders/{id}']?.delete);
    expect(found).toEqual(['DELETE /v1/renders/{id} is removed']);
  });

  it('is a field that an answer has no more, or has only sometimes', () => {
    expect(changed((document) => void delete schema(document, 'Logo').properties.sha256)).toContain(
      'GET /v1/logos/{id} 200 application/json: the field sha256 is removed',
    );
    expect(changed((document) => schema(document, 'Logo').required.pop())).toContain(
      'GET /v1/logos/{id} 200 application/json: the field createdAt may be absent now',
    );
  });

  it('is a field of another type', () => {
    const found = changed((document) => {
      schema(document, 'Logo').properties.width.type = 'string';
    });
    expect(found).toContain('GET /v1/logos/{id} 200 application/json.width: the type "integer" became "string"');
  });

  it('is a status that is answered no more', () => {
    const found = changed((document) => void delete at(document, '/v1/renders', 'post').responses['202']);
    expect(found).toEqual(['POST /v1/renders: the status 202 is removed']);
  });

  it('is what a request must have now', () => {
    const body = changed((document) => schema(document, 'CodeRequest').required.push('title'));
    expect(body).toEqual(['POST /v1/codes body application/json: the field title is required now']);
    const parameter = changed((document) => {
      at(document, '/v1/codes', 'get').parameters[0].required = true;
    });
    expect(parameter).toEqual(['GET /v1/codes: the parameter query limit is required now']);
  });

  it('is a word that is accepted no more', () => {
    const found = changed((document) => schema(document, 'WebhookRequest').properties.events.items.enum.pop());
    expect(found).toEqual(['POST /v1/webhooks body application/json.events[]: "code.scanned" is accepted no more']);
  });

  it('is a narrower bound of what is asked, or a word of it where any was good', () => {
    const narrowed = changed((document) => {
      const { limit, cursor } = parametersOf(document, '/v1/codes');
      limit.schema.maximum = 100;
      cursor.schema.enum = ['a'];
      schema(document, 'CodeRequest').properties.title.maxLength = 10;
      schema(document, 'CodeRequest').properties.title.pattern = '^a';
    });
    expect(narrowed).toEqual(
      expect.arrayContaining([
        'GET /v1/codes query limit: maximum is narrower now',
        'GET /v1/codes query cursor: only certain words are accepted now',
        'POST /v1/codes body application/json.title: maxLength is narrower now',
        'POST /v1/codes body application/json.title: pattern is narrower now',
      ]),
    );
  });

  it('is a word that is answered under another name', () => {
    const found = changed((document) => {
      schema(document, 'Logo').properties.object.const = 'picture';
    });
    expect(found).toContain('GET /v1/logos/{id} 200 application/json.object: "logo" is answered no more');
  });

  it('is a key that is needed now, and a header that has gone', () => {
    const found = changed((document) => {
      at(document, '/v1/qr', 'get').security = at(document, '/v1/renders', 'get').security;
      delete at(document, '/v1/renders', 'post').responses['202'].headers.Location;
      at(document, '/v1/keys/{id}/rotate', 'post').requestBody.required = true;
    });
    expect(found).toEqual(
      expect.arrayContaining([
        'GET /v1/qr: no key is enough no more',
        'POST /v1/renders 202: the header Location is removed',
        'POST /v1/keys/{id}/rotate: a body is required now',
      ]),
    );
  });

  it('is not what is added', () => {
    const found = changed((document) => {
      document.paths['/v2/renders'] = { get: {} };
      schema(document, 'Logo').properties.colour = { type: 'string' };
      schema(document, 'Logo').required.push('colour');
      at(document, '/v1/codes', 'get').parameters.push({ name: 'more', in: 'query', schema: {} });
    });
    expect(found).toEqual([]);
  });
});
