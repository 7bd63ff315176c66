import type { JsonSchema } from '../../shared/contract/parameters.ts';
import { problemSchema } from '../../shared/contract/problem.ts';
import { problemCodes } from '../../shared/contract/problems/problem-codes.ts';
import { answerHeaders, type HeaderName, requestHeaders } from './headers.ts';
import { introduction, securitySchemes, tags } from './introduction.ts';
import { JsonSchemas } from './json-schema.ts';
import { type Answer, bytes, type MediaType, type Operation, type Parameter } from './operation.ts';
import { operations } from './operations.ts';
import { problemsOf } from './problems-of.ts';

type Reference = { $ref: string };
type HeaderObject = { description: string; required?: boolean; schema: JsonSchema };
export type ResponseObject = {
  description: string;
  headers: Record<string, Reference>;
  content?: Record<string, { schema?: JsonSchema; examples?: Record<string, { value: unknown }> }>;
};
export type OperationObject = Record<string, unknown> & {
  operationId: string;
  responses: Record<string, ResponseObject | Reference>;
};
export type OpenApiDocument = Record<string, unknown> & {
  paths: Record<string, Record<string, OperationObject>>;
  components: {
    securitySchemes: unknown;
    headers: Record<string, HeaderObject>;
    parameters: Record<string, unknown>;
    responses: Record<string, ResponseObject>;
    schemas: Record<string, JsonSchema>;
  };
};

/** Headers that problems of a status carry. */
const problemHeaders: Readonly<Record<number, readonly HeaderName[]>> = {
  401: ['WWW-Authenticate'],
  409: ['Retry-After'],
  412: ['ETag'],
  416: ['Content-Range'],
  429: ['Retry-After', 'RateLimit-Policy', 'RateLimit'],
  503: ['Retry-After'],
};

/** Every header twice: as one that is always there, and as one that may be there. */
function headerComponents(): Record<string, HeaderObject> {
  const entries = Object.entries(answerHeaders).flatMap(([name, header]): [string, HeaderObject][] => [
    [name, { ...header, required: true }],
    [`${name}.perhaps`, header],
  ]);
  return Object.fromEntries(entries);
}

function parameterComponents(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(requestHeaders).map(([name, header]) => [name, { name, in: 'header', ...header }]),
  );
}

function headersOf(names: Answer['headers'] = []): ResponseObject['headers'] {
  const entries = ['Request-Id!' as const, ...names].map((name): [string, Reference] => {
    const plain = name.replace('!', '');
    return [plain, { $ref: `#/components/headers/${plain}${name.endsWith('!') ? '' : '.perhaps'}` }];
  });
  return Object.fromEntries(entries);
}

function contentOf(schemas: JsonSchemas, content: Readonly<Record<string, MediaType>>) {
  const entries = Object.entries(content).map(([type, { schema, examples }]) => {
    const told = schemas.of(schema);
    const values = Object.entries(examples ?? {}).map(([name, value]) => [name, { value }]);
    const shown = schema === bytes ? {} : { examples: Object.fromEntries(values) };
    return [type, { ...(told === null ? {} : { schema: told }), ...(values.length === 0 ? {} : shown) }];
  });
  return Object.fromEntries(entries);
}

function parametersOf(operation: Operation): unknown[] {
  const told = (place: 'path' | 'query') => {
    return ([name, { schema, description, required, example }]: [string, Parameter]) => ({
      name,
      in: place,
      ...(description === undefined ? {} : { description }),
      ...(required || place === 'path' ? { required: true } : {}),
      schema,
      ...(example === undefined ? {} : { example }),
    });
  };
  const headers = (operation.headers ?? []).map((name) => ({ $ref: `#/components/parameters/${name}` }));
  return [
    ...Object.entries(operation.path ?? {}).map(told('path')),
    ...Object.entries(operation.query ?? {}).map(told('query')),
    ...headers,
  ];
}

/** Answers with problems: those of one status and the same codes are one component. */
class ProblemAnswers {
  readonly components: Record<string, ResponseObject> = {};
  readonly #names = new Map<string, string>();

  /** @param operationId names the component when it is a new one */
  refer(status: number, codes: string[], operationId: string): Reference {
    const key = `${status} ${codes.join(' ')}`;
    const name = this.#names.get(key) ?? `${operationId}.${status}`;
    if (!this.#names.has(key)) this.components[name] = problemAnswer(codes, status);
    this.#names.set(key, name);
    return { $ref: `#/components/responses/${name}` };
  }
}

function problemAnswer(codes: string[], status: number): ResponseObject {
  const meanings = codes.map((code) => `* \`${code}\`: ${problemCodes[code]?.meaning ?? ''}`);
  const schema: JsonSchema = {
    allOf: [
      { $ref: '#/components/schemas/Problem' },
      { type: 'object', properties: { status: { const: status }, code: { type: 'string', enum: codes } } },
    ],
  };
  return {
    description: meanings.join('\n'),
    headers: headersOf(problemHeaders[status]),
    content: { 'application/problem+json': { schema } },
  };
}

/** Leads from the answer of a POST that makes something to all that can be done with it. */
function linksFrom(line: string): Record<string, unknown> | null {
  const [method, path] = line.split(' ');
  const found = Object.entries(operations).filter(([other]) => other.split(' ')[1]?.startsWith(`${path}/:id`));
  if (method !== 'POST' || found.length === 0) return null;
  const parameters = { id: '$response.body#/id' };
  return Object.fromEntries(found.map(([, { id }]) => [id, { operationId: id, parameters }]));
}

type Components = { schemas: JsonSchemas; problems: ProblemAnswers };

function operationObject({ schemas, problems }: Components, line: string, operation: Operation): OperationObject {
  const { id, tag, summary, description, access, body, isBodyOptional = false, answers } = operation;
  const parameters = parametersOf(operation);
  const links = linksFrom(line);
  const rates: Answer['headers'] = access === 'none' ? [] : ['RateLimit-Policy', 'RateLimit'];
  const good = Object.entries(answers).map(([status, answer]): [string, ResponseObject] => {
    const content = answer.content === undefined ? {} : { content: contentOf(schemas, answer.content) };
    const led = answer.content === undefined || links === null ? {} : { links };
    return [
      status,
      {
        description: answer.description,
        headers: headersOf([...(answer.headers ?? []), ...rates]),
        ...content,
        ...led,
      },
    ];
  });
  const bad = [...problemsOf(line, operation)].map(([status, codes]): [string, ResponseObject | Reference] => {
    const answer = good.find(([known]) => known === String(status))?.[1];
    // Not ready is an answer of its own, and may be told as a problem as well.
    const own = answer === undefined ? null : problemAnswer(codes, status);
    if (answer === undefined || own === null) return [String(status), problems.refer(status, codes, id)];
    const description = `${answer.description}\n${own.description}`;
    return [String(status), { ...answer, description, content: { ...answer.content, ...own.content } }];
  });
  const needs =
    access === 'none' || access === 'open' ? '' : `Needs a key of the role \`${access}\` or a stronger one.`;
  const words = [description ?? '', needs].filter((text) => text !== '').join('\n\n');
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(words === '' ? {} : { description: words }),
    security: access === 'none' ? [] : access === 'open' ? [{}, { key: [] }] : [{ key: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: !isBodyOptional, content: contentOf(schemas, body) } }),
    responses: Object.fromEntries([...good, ...bad]),
  };
}

/** Returns the document of the whole API (OpenAPI 3.1): made from the operations beside it and the schemas that validate. */
export function openApiDocument(publicUrl: string): OpenApiDocument {
  const schemas = new JsonSchemas();
  const problems = new ProblemAnswers();
  schemas.of(problemSchema);
  const paths: OpenApiDocument['paths'] = {};
  for (const [line, operation] of Object.entries(operations)) {
    const [method = '', path = ''] = line.split(' ');
    const template = path.replace(/:(\w+)/g, '{$1}');
    paths[template] = {
      ...paths[template],
      [method.toLowerCase()]: operationObject({ schemas, problems }, line, operation),
    };
  }
  const sorted = Object.entries(schemas.components).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    openapi: '3.1.0',
    info: { title: 'QRFactory', version: '1', description: introduction, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: publicUrl }],
    tags,
    paths,
    components: {
      securitySchemes,
      headers: headerComponents(),
      parameters: parameterComponents(),
      responses: problems.components,
      schemas: Object.fromEntries(sorted),
    },
  };
}
