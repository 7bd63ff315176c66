import type { z } from 'zod';
import type { Answer } from './operation.ts';

/**
 * Tells the answer of a list.
 *
 * @param list its schema, with the id that it goes by in the document
 * @param data the items of its example
 */
export function pageAnswer(list: z.ZodType, data: readonly unknown[], description = 'A page of them.'): Answer {
  const examples = { page: { data, nextCursor: null } };
  const content = { 'application/json': { schema: list, examples } };
  return { description, headers: ['Cache-Control!', 'Link'], content };
}
