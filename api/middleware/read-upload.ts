import busboy from 'busboy';
import { jsonPointer } from '../../shared/domain/json-pointer.ts';
import { AppError, type FieldError, shortened } from '../../shared/errors.ts';
import type { ApiContext } from '../deps.ts';
import { bodyTooLarge, cutShort, readBody, refuseCompressed, refuseCut, wrongContentType } from './read-body.ts';

type Limits = { fileBytes: number; bodyBytes: number };

/** An uploaded file, and where it stood: `/file` in a form, '' when it was the body itself. */
export type Upload = { bytes: Buffer; pointer: '' | '/file' };

// What it is its first bytes tell; image/jpg is how many name a JPEG.
const rawTypes = /^(image\/(png|jpe?g|webp)|application\/octet-stream)\s*(;.*)?$/i;
const formType = /^multipart\/form-data\s*(;|$)/i;
const acceptedTypes =
  'multipart/form-data with a part file, image/png, image/jpeg, image/webp or application/octet-stream';

/**
 * Reads one uploaded logo: the body itself, or the part `file` of a multipart form.
 *
 * @throws AppError `media-type` for another content type, `too-large`, `malformed`, `timeout`, and `invalid` when the form
 *   has no `file` or anything else
 */
export async function readUpload(ctx: ApiContext, limits: Limits): Promise<Upload> {
  const contentType = ctx.get('Content-Type');
  if (formType.test(contentType)) return { bytes: await readForm(ctx, limits), pointer: '/file' };
  if (!rawTypes.test(contentType)) throw wrongContentType(contentType, acceptedTypes);
  const bytes = await readBody(ctx, limits.fileBytes, (limitBytes) => logoTooLarge(limitBytes, ''));
  if (bytes.length === 0) throw wrongField('', 'required', 'The body is empty; it must be the image', null);
  return { bytes, pointer: '' };
}

function wrongField(pointer: string, code: string, detail: string, received: string | null): AppError {
  const field: FieldError = { in: 'body', pointer, name: null, code, detail, received };
  return new AppError('invalid', 'invalid_request', detail, { details: [field] });
}

function logoTooLarge(limitBytes: number, pointer: string): AppError {
  const code = 'logo_too_large';
  const detail = `The logo is larger than ${limitBytes} bytes, the most that is accepted`;
  return new AppError('too-large', code, detail, {
    details: [{ in: 'body', pointer, name: null, code, detail, received: null }],
    headers: { Connection: 'close' },
  });
}

function malformedForm(detail: string, cause?: unknown): AppError {
  return new AppError('malformed', 'malformed_multipart', detail, { cause });
}

function startParser(ctx: ApiContext, { fileBytes }: Limits): busboy.Busboy {
  const contentType = ctx.get('Content-Type');
  try {
    // One field more than are accepted, so that it can be named.
    const limits = { files: 1, fields: 1, fieldSize: 64, parts: 8, fileSize: fileBytes, headerPairs: 32 };
    return busboy({ headers: ctx.req.headers, limits });
  } catch (cause) {
    const code = 'malformed_multipart';
    const detail =
      'The Content-Type names no boundary, as in multipart/form-data; boundary=…: leave this header to the client that writes the form';
    throw new AppError('malformed', code, detail, {
      details: [{ in: 'header', pointer: null, name: 'Content-Type', code, detail, received: shortened(contentType) }],
      cause,
    });
  }
}

async function readForm(ctx: ApiContext, limits: Limits): Promise<Buffer> {
  refuseCompressed(ctx);
  refuseCut(ctx);
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
    const cut = (cause?: Error): void => {
      if (!req.readableEnded) finish(cutShort(cause));
    };

    parser.on('file', (name, stream) => {
      if (name !== 'file') refuse(unknownPart(name));
      const chunks: Buffer[] = [];
      file = chunks;
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', () => undefined); // the parser tells it too
      stream.on('limit', () => refuse(logoTooLarge(limits.fileBytes, '/file')));
    });
    parser.on('field', (name) => refuse(name === 'file' ? plainFile() : unknownPart(name)));
    parser.on('filesLimit', () => refuse(wrongField('/file', 'given_twice', 'The form has more than one file', null)));
    parser.on('error', (cause) => finish(malformedForm('The multipart body cannot be read', cause)));
    parser.on('close', () => finish(refusal));
    req.on('data', count).on('error', cut).on('close', cut);
    req.pipe(parser);
  });
}

function plainFile(): AppError {
  const detail = 'file must be a file part, and came as a plain field (curl: -F file=@logo.png, with the @)';
  return wrongField('/file', 'invalid_type', detail, null);
}

function unknownPart(name: string): AppError {
  const shown = shortened(name) ?? '';
  const detail = `The form has a part ${JSON.stringify(shown)}, which is not known here; accepted: file`;
  return wrongField(jsonPointer([shown]), 'unknown_field', detail, shown);
}
