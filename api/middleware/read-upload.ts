import busboy from 'busboy';
import { AppError, type FieldError, shortened } from '../../shared/errors.ts';
import type { ApiContext } from '../deps.ts';
import { bodyTooLarge, cutShort, readBody, refuseCompressed } from './read-body.ts';

type Limits = { fileBytes: number; bodyBytes: number };

const rawTypes = /^(image\/(png|jpeg|webp)|application\/octet-stream)\s*(;.*)?$/i;

/**
 * Reads one uploaded file: the body itself, or the part `file` of a multipart form.
 *
 * @throws AppError `media-type` for another content type, `too-large`, `malformed`, `timeout`, and `invalid` when the form
 *   has no `file` or anything else
 */
export async function readUpload(ctx: ApiContext, limits: Limits): Promise<Buffer> {
  const contentType = ctx.get('Content-Type');
  if (rawTypes.test(contentType)) {
    const bytes = await readBody(ctx, limits.fileBytes);
    if (bytes.length === 0) throw wrongField('', 'required', 'The body is empty; it must be the image', null);
    return bytes;
  }
  if (/^multipart\/form-data\s*;/i.test(contentType)) return readForm(ctx, limits);
  const came = contentType === '' ? 'none came' : `${shortened(contentType)} came`;
  const expected =
    'multipart/form-data with a part file, image/png, image/jpeg, image/webp or application/octet-stream';
  throw new AppError('media-type', 'unsupported_media_type', `The Content-Type must be ${expected}; ${came}`);
}

function wrongField(pointer: string, code: string, detail: string, received: string | null): AppError {
  const field: FieldError = { in: 'body', pointer, name: null, code, detail, received };
  return new AppError('invalid', 'invalid_request', detail, { details: [field] });
}

function fileTooLarge(limitBytes: number): AppError {
  const message = `The file is larger than ${limitBytes} bytes, the most that is accepted`;
  return new AppError('too-large', 'file_too_large', message, { headers: { Connection: 'close' } });
}

function startParser(ctx: ApiContext, { fileBytes }: Limits): busboy.Busboy {
  try {
    return busboy({
      headers: ctx.req.headers,
      limits: { files: 1, fields: 0, parts: 8, fileSize: fileBytes, headerPairs: 32 },
    });
  } catch (cause) {
    throw new AppError('malformed', 'malformed_multipart', 'The multipart Content-Type names no usable boundary', {
      cause,
    });
  }
}

function readForm(ctx: ApiContext, limits: Limits): Promise<Buffer> {
  refuseCompressed(ctx);
  const parser = startParser(ctx, limits);
  const { req } = ctx;
  return new Promise((resolve, reject) => {
    let file: Buffer[] | null = null;
    let refusal: AppError | null = null;
    let sizeBytes = 0;
    const refuse = (error: AppError): void => {
      refusal ??= error;
    };
    const finish = (error: AppError | null): void => {
      req.off('data', count).off('error', cut).off('close', cut);
      req.unpipe(parser);
      // What is left of the body is thrown away, so that its sender gets to read the answer.
      req.resume();
      parser.removeAllListeners().on('error', () => undefined);
      if (error) reject(error);
      else if (file === null)
        reject(wrongField('/file', 'required', 'The form has no file in a part named file', null));
      else resolve(Buffer.concat(file));
    };
    const count = (chunk: Buffer): void => {
      sizeBytes += chunk.length;
      if (sizeBytes > limits.bodyBytes) finish(bodyTooLarge(limits.bodyBytes));
    };
    const cut = (cause?: Error): void => finish(cutShort(cause));

    parser.on('file', (name, stream) => {
      if (name !== 'file') refuse(unknownPart(name));
      const chunks: Buffer[] = [];
      file = chunks;
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('limit', () => refuse(fileTooLarge(limits.fileBytes)));
    });
    parser.on('filesLimit', () => refuse(wrongField('/file', 'given_twice', 'The form has more than one file', null)));
    parser.on('fieldsLimit', () =>
      refuse(wrongField('', 'unknown_field', 'The form has another field than file', null)),
    );
    parser.on('error', (cause) =>
      finish(new AppError('malformed', 'malformed_multipart', 'The multipart body cannot be read', { cause })),
    );
    parser.on('close', () => finish(refusal));
    req.on('data', count).on('error', cut).on('close', cut);
    req.pipe(parser);
  });
}

function unknownPart(name: string): AppError {
  const detail = 'The form has a file in a part of another name; the part must be named file';
  return wrongField(`/${shortened(name) ?? ''}`, 'unknown_field', detail, shortened(name));
}
