import { z } from 'zod';
import type { JsonSchema, Reader } from '../../shared/contract/parameters.ts';
import type { Parameter } from './operation.ts';

type More = { description?: string; default?: unknown; example?: unknown };

/** Tells of a query's parameters what their readers say; `more` adds words, defaults and examples by name. */
export function queryOf<Readers extends Record<string, Reader>>(
  readers: Readers,
  more: { [Name in keyof Readers]?: More } = {},
): Record<string, Parameter> {
  const entries = Object.entries(readers).map(([name, { schema }]): [string, Parameter] => {
    const { default: initial, ...rest }: More = more[name] ?? {};
    return [
      name,
      { schema: { ...schema, ...(initial === undefined ? {} : { default: initial }) } as JsonSchema, ...rest },
    ];
  });
  return Object.fromEntries(entries);
}

/** An id in the path. */
export function idIn(what: string, example: string): Parameter {
  const prefix = example.slice(0, example.indexOf('_') + 1);
  return { schema: { type: 'string' }, description: `The id of the ${what}, \`${prefix}…\`.`, example };
}

/** What lists have in common. */
export const pageDefaults = {
  limit: { description: 'How many entries a page has at most.', default: 50, example: 10 },
  sort: { description: 'The field to sort by; `-` in front for the highest or newest first.', default: '-createdAt' },
} as const;

/** Tells of a parameter what the schema of the same field says, without what only JSON can carry. */
export function parameterOf(schema: z.ZodType, more: Omit<Parameter, 'schema'> = {}): Parameter {
  const { $schema: _, ...told } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { schema: told as JsonSchema, ...more };
}
