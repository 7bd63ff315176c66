import type { z } from 'zod';
import type { JsonSchema } from '../../shared/contract/parameters.ts';
import type { Role } from '../../shared/domain/access.ts';
import type { HeaderName, RequestHeaderName } from './headers.ts';

/** A parameter of path or query: what is told of it, and how an example looks. */
export type Parameter = { schema: JsonSchema; description?: string; required?: boolean; example?: unknown };

/** Bytes that no schema describes: an image, a ZIP. */
export const bytes = 'bytes';

export type MediaType = {
  schema: z.ZodType | JsonSchema | typeof bytes;
  /** By name; each is sent by a test and must be answered as the document says. */
  examples?: Readonly<Record<string, unknown>>;
};

export type Answer = {
  description: string;
  /** Besides `Request-Id`, which every answer has; those with `!` are always there. */
  headers?: readonly (HeaderName | `${HeaderName}!`)[];
  content?: Readonly<Record<string, MediaType>>;
};

/** One line of the URL table, as the API's document tells it. */
export type Operation = {
  /** `operationId`: what generated clients call it. */
  id: string;
  tag: string;
  summary: string;
  description?: string;
  /** The role that its key must have; `open`: a key may come along; `none`: keys mean nothing here. */
  access: Role | 'open' | 'none';
  path?: Readonly<Record<string, Parameter>>;
  query?: Readonly<Record<string, Parameter>>;
  headers?: readonly RequestHeaderName[];
  body?: Readonly<Record<string, MediaType>>;
  /** Whether the body may be left out. */
  isBodyOptional?: boolean;
  answers: Readonly<Record<number, Answer>>;
  /**
   * Codes of the problems that it answers besides those that follow from what it takes (see problems-of.ts); a pair where the status
   * is not the code's own.
   */
  problems?: readonly (string | readonly [code: string, status: number])[];
};

/** Operations by their lines in the URL table, `GET /v1/renders/:id`. */
export type Operations = Readonly<Record<`${'GET' | 'POST' | 'PATCH' | 'DELETE'} /${string}`, Operation>>;
