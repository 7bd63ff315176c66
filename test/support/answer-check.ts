import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { OpenApiDocument, OperationObject, ResponseObject } from '../../api/openapi/document.ts';
import { findCode } from '../../shared/contract/problems/problem-codes.ts';

export type CheckedAnswer = { status: number; headers: Headers; body: Buffer };

type Told = { answer: ResponseObject; pointer: string };

type Node = { [key: string]: unknown };

/** In answers a field that the document does not name is a mistake, however welcome new ones are to clients. */
function closed(value: unknown, isPart = false): unknown {
  if (Array.isArray(value)) return value.map((each) => closed(each, isPart));
  if (typeof value !== 'object' || value === null) return value;
  const node = value as Node;
  const members = Object.entries(node).map(([key, member]) => [key, closed(member, key === 'allOf')]);
  const isOpen = node.type === 'object' && node.properties !== undefined && node.additionalProperties === undefined;
  return Object.fromEntries(isOpen && !isPart ? [...members, ['additionalProperties', false]] : members);
}

const escaped = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

/** Compares answers with the API's document: status, headers, content type, body, and the codes of errors. */
export class AnswerCheck {
  readonly #document: OpenApiDocument;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #templates: { pattern: RegExp; template: string }[];

  constructor(document: OpenApiDocument) {
    this.#document = document;
    formats.default(this.#ajv);
    this.#ajv.addSchema({ $id: 'document', ...(closed(document) as object) });
    const variables = (template: string): number => template.split('{').length;
    this.#templates = Object.keys(document.paths)
      .sort((a, b) => variables(a) - variables(b))
      .map((template) => ({ template, pattern: new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}/?$`) }));
  }

  /** Returns the template of a path, or null when the document has none. */
  templateOf(path: string): string | null {
    const plain = path.replace(/\?.*$/s, '');
    return this.#templates.find(({ pattern }) => pattern.test(plain))?.template ?? null;
  }

  /** Returns what is wrong with an answer; nothing when the document knows it. */
  problems(method: string, path: string, answer: CheckedAnswer): string[] {
    if (path.startsWith('/admin/')) return []; // pages for operators, no part of the API
    const template = this.templateOf(path);
    const name = method === 'HEAD' ? 'get' : method.toLowerCase();
    const operation = template === null ? undefined : this.#document.paths[template]?.[name];
    const line = `${method} ${template ?? path.replace(/\?.*$/s, '')} → ${answer.status}`;
    if (template === null || operation === undefined)
      return [204, 404, 405].includes(answer.status) ? [] : [`${line}: there is no such operation`];
    const told = this.#answerOf(operation, answer.status);
    if (told === null) return [`${line}: the document knows no such status: ${answer.body.toString().slice(0, 300)}`];
    const isHead = method === 'HEAD';
    const found = [...this.#headerProblems(told.answer, answer), ...this.#bodyProblems(told, answer, isHead)];
    return found.map((problem) => `${line}: ${problem}`);
  }

  /** The answer that is documented, and where. */
  #answerOf(operation: OperationObject, status: number): Told | null {
    const told = operation.responses[status];
    if (told === undefined) return null;
    const path = Object.entries(this.#document.paths).find(([, methods]) => Object.values(methods).includes(operation));
    const method = Object.entries(path?.[1] ?? {}).find(([, each]) => each === operation)?.[0];
    if (!('$ref' in told))
      return { answer: told, pointer: `#/paths/${escaped(path?.[0] ?? '')}/${method}/responses/${status}` };
    const answer = this.#document.components.responses[told.$ref.split('/').at(-1) ?? ''];
    return answer === undefined ? null : { answer, pointer: told.$ref };
  }

  #headerProblems({ headers }: ResponseObject, answer: CheckedAnswer): string[] {
    const isNeeded = ({ $ref }: { $ref: string }): boolean =>
      this.#document.components.headers[$ref.split('/').at(-1) ?? '']?.required === true;
    return Object.entries(headers)
      .filter(([name, reference]) => isNeeded(reference) && answer.headers.get(name) === null)
      .map(([name]) => `the header ${name} is missing`);
  }

  #bodyProblems({ answer: { content }, pointer }: Told, answer: CheckedAnswer, isHead: boolean): string[] {
    const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
    if (isHead || (answer.body.length === 0 && content === undefined)) return [];
    if (content?.[type] === undefined) return [`the document knows no content type "${type}" here`];
    if (!/[/+]json$/.test(type)) return [];
    const value: unknown = JSON.parse(answer.body.toString());
    const validate = this.#validatorOf(`${pointer}/content/${escaped(type)}/schema`);
    const shown = answer.body.toString().slice(0, 500);
    const wrong = validate(value) ? [] : [`${this.#ajv.errorsText(validate.errors)}: ${shown}`];
    return type === 'application/problem+json' ? [...wrong, ...codeProblems(value)] : wrong;
  }

  #validatorOf(pointer: string): ValidateFunction {
    const known = this.#validators.get(pointer);
    if (known) return known;
    const validate = this.#ajv.compile({ $ref: `document${pointer.replaceAll('{', '%7B').replaceAll('}', '%7D')}` });
    this.#validators.set(pointer, validate);
    return validate;
  }
}

function codeProblems(problem: unknown): string[] {
  const { errors } = problem as { errors: { code: string }[] };
  return errors.filter(({ code }) => findCode(code) === null).map(({ code }) => `the code ${code} is in no list`);
}
