import { AppError, shortened } from '../../shared/errors.ts';
import type { ApiContext } from '../deps.ts';
import { parseStrictJson } from '../strict-json.ts';
import { readBody } from './read-body.ts';

const accepted = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i;

/**
 * Reads a JSON body of at most `limitBytes`.
 *
 * @throws AppError `media-type` for another content type, `too-large`, `timeout`, `malformed`
 */
export async function readJson(ctx: ApiContext, limitBytes: number): Promise<{ value: unknown; sizeBytes: number }> {
  const contentType = ctx.get('Content-Type');
  if (contentType !== 'application/json' && !accepted.test(contentType)) {
    const came = contentType === '' ? 'none came' : `${shortened(contentType)} came`;
    throw new AppError('media-type', 'unsupported_media_type', `The Content-Type must be application/json; ${came}`);
  }
  const bytes = await readBody(ctx, limitBytes);
  return { value: parseStrictJson(bytes), sizeBytes: bytes.length };
}
