import type { Readable } from 'node:stream';
import busboy from 'busboy';
import { fileTooLarge } from '../../shared/adapters/csv-errors.ts';
import { jsonPointer } from '../../shared/domain/json-pointer.ts';
import { AppError, shortened } from '../../shared/errors.ts';
import type { ApiContext } from '../deps.ts';
import { readQuery } from '../query.ts';
import { cutShort, refuseCompressed, refuseCut } from './read-body.ts';
import { refuseQuery } from './refuse-query.ts';

/** What came beside the file: form fields, or the query of a bare body. */
export type Uploaded<Stored> = { fields: Record<string, string>; isForm: boolean; file: Stored };

type Upload<Stored> = {
  fileBytes: number;
  /** Takes the file as it comes; what it throws ends the upload and is thrown on. */
  store: (chunks: AsyncIterable<Uint8Array>) => Promise<Stored>;
  /** Takes back what was stored when the rest of the form turns out to be wrong. */
  discard: () => Promise<void>;
};

/** A form's fields: so many, and each so long. */
const mostFields = 100;
const mostFieldBytes = 8192;
/** What a form may have besides its file, and what is still taken in of one that is too large. */
const formBytes = 2 * 1024 * 1024;

/**
 * Streams one uploaded file, never whole in memory: the part `file` of a form, whose fields may stand before and behind it, or a
 * `text/csv` body.
 *
 * @throws AppError what `store` throws; `media-type`, `too-large`, `malformed`, `timeout`, and `invalid` when the form has no
 *   `file`, two of them, or a field twice
 */
export async function readCsvUpload<Stored>(ctx: ApiContext, upload: Upload<Stored>): Promise<Uploaded<Stored>> {
  const contentType = ctx.get('Content-Type');
  const isForm = /^multipart\/form-data\s*;/i.test(contentType);
  if (!isForm && !/^text\/csv\s*(;.*)?$/i.test(contentType)) throw wrongType(contentType);
  refuseCompressed(ctx);
  if (Number(ctx.get('Content-Length')) > upload.fileBytes + formBytes) throw fileTooLarge(upload.fileBytes);
  if (isForm) {
    // Its fields are in the form; what stands in the query would be ignored.
    refuseQuery(ctx);
    return readForm(ctx, upload);
  }
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(readQuery(ctx))) {
    if (Array.isArray(value))
      throw wrongField(name, 'given_twice', `${shortened(name)} is given twice; once is accepted`, 'query');
    fields[name] = value;
  }
  return { fields, isForm, file: await readWhole(ctx, upload) };
}

function wrongType(contentType: string): AppError {
  const came = contentType === '' ? 'none came' : `${shortened(contentType)} came`;
  const message = `The Content-Type must be multipart/form-data with a part file, or text/csv; ${came}`;
  const at = { in: 'header', pointer: null, name: 'Content-Type', code: 'unsupported_media_type' } as const;
  return new AppError('media-type', 'unsupported_media_type', message, {
    details: [{ ...at, detail: message, received: shortened(contentType) || null }],
  });
}

function wrongField(name: string, code: string, detail: string, place: 'body' | 'query' = 'body'): AppError {
  const shown = shortened(name) ?? '';
  const at =
    place === 'query'
      ? ({ in: 'query', pointer: null, name: shown } as const)
      : ({ in: 'body', pointer: name === '' ? '' : jsonPointer([shown]), name: null } as const);
  return new AppError('invalid', 'invalid_request', detail, { details: [{ ...at, code, detail, received: null }] });
}

/** The request as chunks; one that is cut off throws, so that nothing of it is kept. */
async function* chunksOf(ctx: ApiContext): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const chunk of ctx.req.iterator({ destroyOnReturn: false })) yield chunk as Uint8Array;
  } catch (cause) {
    throw cutShort(cause);
  }
  if (!ctx.req.complete) throw cutShort();
}

async function readWhole<Stored>(ctx: ApiContext, { store }: Upload<Stored>): Promise<Stored> {
  try {
    return await store(chunksOf(ctx));
  } finally {
    // What is left of the body is thrown away, so that its sender gets to read the answer.
    ctx.req.resume();
  }
}

function startParser(ctx: ApiContext): busboy.Busboy {
  const limits = { files: 1, fields: mostFields, parts: mostFields + 2, fieldSize: mostFieldBytes, headerPairs: 32 };
  try {
    return busboy({ headers: ctx.req.headers, limits });
  } catch (cause) {
    const message = 'The multipart Content-Type names no usable boundary';
    throw new AppError('malformed', 'malformed_multipart', message, { cause });
  }
}

async function readForm<Stored>(ctx: ApiContext, upload: Upload<Stored>): Promise<Uploaded<Stored>> {
  refuseCut(ctx);
  const { req } = ctx;
  const form = new FormReading(upload.store);
  const parser = startParser(ctx);
  try {
    await new Promise<void>((resolve, reject) => {
      form.onRefusal = reject;
      const cut = (cause?: Error): void => form.refuse(cutShort(cause));
      parser.on('file', (name, stream) => form.file(name, stream));
      parser.on('field', (name, value, { nameTruncated, valueTruncated }) =>
        form.field(name, value, nameTruncated || valueTruncated),
      );
      parser.on('filesLimit', () => form.refuse(wrongField('file', 'given_twice', 'The form has more than one file')));
      for (const event of ['fieldsLimit', 'partsLimit'] as const)
        parser.on(event, () => form.refuse(wrongField('', 'too_many', `The form has more than ${mostFields} fields`)));
      parser.on('error', (cause) =>
        form.refuse(new AppError('malformed', 'malformed_multipart', 'The multipart body cannot be read', { cause })),
      );
      parser.on('close', resolve);
      req.once('error', cut).once('close', () => !req.readableEnded && cut());
      req.pipe(parser);
    });
    return { fields: form.fields, isForm: true, file: await form.stored() };
  } catch (error) {
    await form.ended();
    await upload.discard();
    throw error;
  } finally {
    req.unpipe(parser);
    parser.removeAllListeners().on('error', () => undefined);
    // What is left of the body is thrown away, so that its sender gets to read the answer.
    req.resume();
  }
}

const plainFile =
  'file must be a file part, and came as a plain field (curl: -F file=@urls.csv, with the @; JavaScript: a Blob or File)';

/** What has come of a form so far. The first refusal ends it. */
class FormReading<Stored> {
  readonly fields: Record<string, string> = {};
  onRefusal: (error: unknown) => void = () => undefined;
  readonly #store: Upload<Stored>['store'];
  #stream: Readable | null = null;
  #storing: Promise<Stored> | null = null;
  #isRefused = false;

  constructor(store: Upload<Stored>['store']) {
    this.#store = store;
  }

  refuse(error: unknown): void {
    this.#isRefused = true;
    this.#stream?.destroy(error as Error);
    this.onRefusal(error);
  }

  file(name: string, stream: Readable): void {
    stream.on('error', () => undefined); // whoever reads it gets the error
    if (name !== 'file') {
      stream.resume();
      this.refuse(
        wrongField(name, 'unknown_field', 'The form has a file in a part of another name; it must be named file'),
      );
      return;
    }
    if (this.#isRefused) {
      // What was stored is being taken back; nobody would take back this.
      stream.resume();
      return;
    }
    this.#stream = stream;
    this.#storing = this.#store(stream as AsyncIterable<Uint8Array>);
    this.#storing.catch((error) => this.refuse(error));
  }

  field(name: string, value: string, isCut: boolean): void {
    if (name === 'file') this.refuse(wrongField(name, 'invalid_type', plainFile));
    else if (isCut)
      this.refuse(wrongField(name, 'too_long', `${shortened(name)} is longer than ${mostFieldBytes} bytes`));
    else if (Object.hasOwn(this.fields, name))
      this.refuse(wrongField(name, 'given_twice', `${shortened(name)} is given twice; once is accepted`));
    else Object.defineProperty(this.fields, name, { value, enumerable: true });
  }

  stored(): Promise<Stored> {
    if (this.#storing === null) throw wrongField('file', 'required', 'The form has no file in a part named file');
    return this.#storing;
  }

  /** Waits until nothing is written any more. */
  async ended(): Promise<void> {
    await this.#storing?.catch(() => undefined);
  }
}
