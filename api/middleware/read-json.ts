import { isJsonObject } from '../../shared/domain/merge-patch.ts';
import type { ApiContext } from '../deps.ts';
import { parseStrictJson } from '../strict-json.ts';
import { bodyTooLarge, readBody, wrongContentType } from './read-body.ts';

/** Whether a Content-Type is one of these, in UTF-8: JSON has no other charset, and what other parameters say counts for nothing. */
function isJson(contentType: string, types: readonly string[]): boolean {
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  if (!types.includes(type)) return false;
  return parameters.every((parameter) => !parameter.startsWith('charset=') || /^charset="?utf-8"?$/.test(parameter));
}

const json = ['application/json'];
const patch = ['application/json', 'application/merge-patch+json'];

function assertJson(ctx: ApiContext, isPatch: boolean): void {
  const contentType = ctx.get('Content-Type');
  const types = isPatch ? patch : json;
  if (contentType === 'application/json' || isJson(contentType, types)) return;
  throw wrongContentType(contentType, types.join(' or '), isPatch ? { 'Accept-Patch': types.join(', ') } : {});
}

/**
 * Reads a JSON body that may be as large as a logo makes it where it carries one.
 *
 * @param imageOf finds what may have the logo, in a body that is not checked yet
 */
export async function readJsonWithLogo(
  ctx: ApiContext,
  limits: { bodyBytes: number; logoBodyBytes: number },
  imageOf: (body: unknown) => unknown,
): Promise<unknown> {
  const { value, sizeBytes } = await readJson(ctx, limits.logoBodyBytes);
  if (sizeBytes <= limits.bodyBytes) return value;
  const image = imageOf(value);
  const logo = isJsonObject(image) ? image.logo : null;
  if (!isJsonObject(logo) || typeof logo.data !== 'string') throw bodyTooLarge(limits.bodyBytes);
  return value;
}

/** Reads a JSON body that may be left out, with its Content-Type or without; undefined when it is. Throws as `readJson` does. */
export async function readOptionalJson(ctx: ApiContext, limitBytes: number): Promise<unknown> {
  const { 'content-length': length, 'transfer-encoding': encoding } = ctx.req.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return undefined;
  const bytes = await readBody(ctx, limitBytes);
  if (bytes.length === 0) return undefined;
  assertJson(ctx, false);
  return parseStrictJson(bytes);
}

/**
 * Reads a JSON body of at most `limitBytes`, that of a PATCH as a merge patch (RFC 7396) too.
 *
 * @throws AppError `media-type` for another content type, `too-large`, `timeout`, `malformed`
 */
export async function readJson(ctx: ApiContext, limitBytes: number): Promise<{ value: unknown; sizeBytes: number }> {
  assertJson(ctx, ctx.method === 'PATCH');
  const bytes = await readBody(ctx, limitBytes);
  return { value: parseStrictJson(bytes), sizeBytes: bytes.length };
}
