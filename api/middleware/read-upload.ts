import { jsonPointer } from '../../shared/domain/json-pointer.ts';
import { AppError, shortened } from '../../shared/errors.ts';
import type { ApiContext } from '../deps.ts';
import { formType, noFile, plainFile, readMultipart, twoFiles, wrongPart } from './multipart.ts';
import { readBody, wrongContentType } from './read-body.ts';

type Limits = { fileBytes: number; bodyBytes: number };

/** An uploaded file, and where it stood: `/file` in a form, '' when it was the body itself. */
export type Upload = { bytes: Buffer; pointer: '' | '/file' };

// What it is its first bytes tell; image/jpg is how many name a JPEG.
const rawTypes = /^(image\/(png|jpe?g|webp)|application\/octet-stream)\s*(;.*)?$/i;
const acceptedTypes =
  'multipart/form-data with a part file, image/png, image/jpeg, image/webp or application/octet-stream';
const howToSend = 'curl: -F file=@logo.png, with the @';

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
  if (bytes.length === 0) throw wrongPart('', 'required', 'The body is empty; it must be the image');
  return { bytes, pointer: '' };
}

function logoTooLarge(limitBytes: number, pointer: string): AppError {
  const code = 'logo_too_large';
  const detail = `The logo is larger than ${limitBytes} bytes, the most that is accepted`;
  return new AppError('too-large', code, detail, {
    details: [{ in: 'body', pointer, name: null, code, detail, received: null }],
    headers: { Connection: 'close' },
  });
}

async function readForm(ctx: ApiContext, { fileBytes, bodyBytes }: Limits): Promise<Buffer> {
  const files: Buffer[][] = [];
  // The form is read to its end all the same: a sender that is still sending when it is refused may not get to read why.
  const refusals: AppError[] = [];
  await readMultipart(ctx, {
    // One field more than are accepted, so that it can be named.
    limits: { fields: 1, fieldSize: 64, parts: 8, fileSize: fileBytes },
    bodyBytes,
    listen: (parser) => {
      parser.on('file', (name, stream) => {
        if (name !== 'file') refusals.push(unknownPart(name));
        const chunks: Buffer[] = [];
        files.push(chunks);
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('error', () => undefined); // the parser tells it too
        stream.on('limit', () => refusals.push(logoTooLarge(fileBytes, '/file')));
      });
      parser.on('field', (name) => refusals.push(name === 'file' ? plainFile(howToSend) : unknownPart(name)));
      parser.on('filesLimit', () => refusals.push(twoFiles()));
    },
  });
  const [refusal] = refusals;
  if (refusal !== undefined) throw refusal;
  const [file] = files;
  if (file === undefined) throw noFile();
  return Buffer.concat(file);
}

function unknownPart(name: string): AppError {
  const shown = shortened(name) ?? '';
  const detail = `The form has a part ${JSON.stringify(shown)}, which is not known here; accepted: file`;
  return wrongPart(jsonPointer([shown]), 'unknown_field', detail, shown);
}
