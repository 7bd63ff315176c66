import { z } from 'zod';
import type { JsonSchema } from '../../shared/contract/parameters.ts';
import { bytes, type MediaType } from './operation.ts';

type Node = { [key: string]: unknown };

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What zod says for every whole number and every time, and what tells nobody anything. */
function withoutNoise({ $schema: _, $id: __, ...node }: Node): Node {
  if (node.type === 'integer' && node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum;
  if (node.type === 'integer' && node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum;
  if (node.format === 'date-time') delete node.pattern;
  return node;
}

/** `anyOf` of something plain and null is that something, nullable. */
function withNull(node: Node): Node {
  const { anyOf, ...rest } = node;
  if (!Array.isArray(anyOf) || anyOf.length !== 2 || !isNode(anyOf[0])) return node;
  const [given, none] = anyOf as [Node, Node];
  if (none.type !== 'null' || typeof given.type !== 'string' || given.const !== undefined) return node;
  const values = Array.isArray(given.enum) ? { enum: [...given.enum, null] } : {};
  return { ...given, ...rest, type: [given.type, 'null'], ...values };
}

function tidied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidied);
  if (!isNode(value)) return value;
  if (typeof value.$ref === 'string') return { $ref: value.$ref.replace('#/$defs/', '#/components/schemas/') };
  const members = Object.entries(value).map(([key, member]) => [key, tidied(member)]);
  return withNull(withoutNoise(Object.fromEntries(members)));
}

/**
 * Turns the schemas that validate into those of the document (JSON Schema 2020-12, which OpenAPI 3.1 speaks). A schema with an id
 * becomes a component, which `components` holds in the end.
 */
export class JsonSchemas {
  readonly components: Record<string, JsonSchema> = {};

  /** As it comes in: before defaults are filled in and spellings made one. */
  of(schema: MediaType['schema']): JsonSchema | null {
    if (schema === bytes) return null;
    if (!(schema instanceof z.ZodType)) return schema;
    const { $defs = {}, ...plain } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    for (const [name, definition] of Object.entries($defs)) this.components[name] = tidied(definition) as JsonSchema;
    return tidied(plain) as JsonSchema;
  }
}
