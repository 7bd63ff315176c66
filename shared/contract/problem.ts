import { z } from 'zod';

/** One field that is wrong: `pointer` in bodies, `name` elsewhere. */
const fieldErrorSchema = z
  .object({
    in: z.enum(['body', 'query', 'path', 'header', 'csv']),
    pointer: z.string().nullable(),
    name: z.string().nullable(),
    code: z.string(),
    detail: z.string(),
    received: z.string().nullable(),
  })
  .meta({ id: 'FieldError' });

/** Every error answer: RFC 9457 `application/problem+json` with our stable `code`, the request's id and the fields. */
export const problemSchema = z
  .object({
    type: z.url(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    requestId: z.string(),
    errors: z.array(fieldErrorSchema),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problemSchema>;

/** Why a piece of work failed, as its resource shows it. */
export const workErrorSchema = z
  .object({ code: z.string(), detail: z.string(), pointer: z.string().nullable() })
  .meta({ id: 'WorkError' });
