import type { z } from 'zod';
import { jsonPointer } from '../domain/json-pointer.ts';
import { nearestName } from '../domain/nearest-name.ts';
import { AppError, type FieldError, shortened } from '../errors.ts';

/** One thing that is wrong with a value: where, and in which words. */
export type Problem = {
  path: PropertyKey[];
  code: string;
  /** What is accepted, in words that follow "must be"; for an unknown field the names of those that are known. */
  accepted: string;
  /** What came; not told when it is a secret or may hold one. */
  received: unknown;
  /** Only the kind of what came is told. */
  isHidden?: boolean;
  /** A value that would be accepted. */
  nearest?: string | null;
};

/** So many problems are told; a body may hold thousands. */
const mostTold = 50;

/** Names a field in errors: by pointer in a body, by name in a query or a CSV. */
export type Place = {
  in: FieldError['in'];
  nameOf: (path: PropertyKey[]) => string;
  /** Fields that are read apart from the schema, and are known as well. */
  besides?: readonly string[];
};

/** Fields of a JSON body: `content.url`, `content.email[1]`. */
export const inBody: Place = {
  in: 'body',
  nameOf: (path) =>
    path.length === 0
      ? 'the body'
      : path
          .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
          .join(''),
};

function valueAt(input: unknown, path: PropertyKey[]): unknown {
  return path.reduce((value: unknown, part) => {
    const has = typeof value === 'object' && value !== null && Object.hasOwn(value, part);
    return has ? (value as Record<PropertyKey, unknown>)[part] : undefined;
  }, input);
}

function codeOf(issue: z.core.$ZodIssue, received: unknown): string {
  const isAbsent = received === undefined || received === null;
  switch (issue.code) {
    case 'custom':
      return typeof issue.params?.code === 'string' ? issue.params.code : 'invalid_value';
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array' ? 'empty' : 'out_of_range';
    case 'too_big':
      if (issue.origin === 'string') return 'content_too_long';
      return issue.origin === 'array' ? 'too_many' : 'out_of_range';
    case 'invalid_value':
    case 'invalid_format':
      return isAbsent ? 'required' : 'invalid_value';
    case 'invalid_union':
      if (isAbsent) return 'required';
      return issue.discriminator === undefined ? 'invalid_type' : 'invalid_value';
    default:
      return isAbsent ? 'required' : 'invalid_type';
  }
}

/** A union of a text and a list of texts: the problems are those of the kind that came. */
function insideUnion(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const isOtherKind = ({ code, path }: z.core.$ZodIssue): boolean => code === 'invalid_type' && path.length === 0;
  const inner = issue.errors.find((issues) => issues.length > 0 && !issues.some(isOtherKind));
  return inner === undefined ? [issue] : inner.map((each) => ({ ...each, path: [...issue.path, ...each.path] }));
}

/** Returns one problem for each field that zod finds wrong in `input`: the first of a field's, and every unknown field. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], input: unknown): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const issue of issues.flatMap(insideUnion)) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) problems.push(unknownField([...issue.path, key], issue.message));
      continue;
    }
    const key = JSON.stringify(issue.path);
    if (!seen.has(key)) problems.push(problemOf(issue, input));
    seen.add(key);
  }
  return problems;
}

/** What an unknown field holds is not told: it may be a misspelled password. */
function unknownField(path: PropertyKey[], accepted: string): Problem {
  return { path, code: 'unknown_field', accepted, received: undefined };
}

function problemOf(issue: z.core.$ZodIssue, input: unknown): Problem {
  const received = valueAt(input, issue.path);
  return {
    path: issue.path,
    code: codeOf(issue, received),
    accepted: issue.message,
    received,
    // A text instead of an object may be that object as text, password and all.
    isHidden: issue.code === 'invalid_type' && issue.expected === 'object',
    nearest: issue.code === 'custom' && typeof issue.params?.nearest === 'string' ? issue.params.nearest : null,
  };
}

/** Objects and lists are told by their kind, for they may hold a password; a password in a URL is left out. */
function shown({ received, path, isHidden }: Problem): string | null {
  if (received === undefined || received === null || path.at(-1) === 'password') return null;
  if (Array.isArray(received)) return `a list of ${received.length}`;
  if (typeof received === 'object') return 'an object';
  if (isHidden) return `a ${typeof received}`;
  return shortened(typeof received === 'string' ? received.replace(/\/\/[^/?#\s]*@/, '//…@') : received);
}

function cameWords(problem: Problem): string {
  const { received, path, isHidden, nearest } = problem;
  if (path.at(-1) === 'password') {
    return typeof received === 'string' ? `${Buffer.byteLength(received)} bytes came` : 'something else came';
  }
  if (problem.code === 'given_twice' && Array.isArray(received)) return `it came ${received.length} times`;
  const words = shown(problem) ?? 'null';
  const came = typeof received === 'string' && !isHidden ? JSON.stringify(words) : words;
  return `${came} came${nearest ? `; the nearest is ${JSON.stringify(nearest)}` : ''}`;
}

function expectation(problem: Problem, { nameOf, besides = [] }: Place): string {
  const { code, accepted, path } = problem;
  const name = nameOf(path);
  if (code === 'required') return `${name} is required: ${accepted}`;
  if (code !== 'unknown_field') return `${name} must be ${accepted}`;
  const known = path.length === 1 ? [accepted, ...besides].join(', ') : accepted;
  const nearest = nearestName(String(path.at(-1)), known.split(', '));
  return `${shortened(name)} is not known here${nearest === null ? '' : `, perhaps ${nearest} is meant`}; accepted: ${known || 'none'}`;
}

/**
 * Returns what a request gets whose fields are wrong: `invalid` with every one in the details. The message names fields and
 * what is accepted and never holds what came, so that it may be logged.
 */
export function invalidRequest(problems: Problem[], place: Place): AppError {
  const told = problems.slice(0, mostTold);
  const expected = told.map((problem) => expectation(problem, place));
  const details = told.map((problem, index): FieldError => {
    const isBare = problem.code === 'required' || problem.code === 'unknown_field';
    return {
      in: place.in,
      pointer: place.in === 'body' ? jsonPointer(problem.path) : null,
      name: place.in === 'body' ? null : place.nameOf(problem.path),
      code: problem.code,
      detail: `${expected[index]}${isBare ? '' : `; ${cameWords(problem)}`}.`,
      received: shown(problem),
    };
  });
  const more = problems.length > 3 ? `; and ${problems.length - 3} more, see errors` : '';
  const message = `${expected.slice(0, 3).join('; ')}${more}.`;
  // A logo that is too large is told alike however it comes, as the body or within one.
  if (problems.some(({ code }) => code === 'logo_too_large'))
    return new AppError('too-large', 'logo_too_large', message, { details });
  return new AppError('invalid', 'invalid_request', message, { details });
}
