import type { Readable } from 'node:stream';
import type { Busboy } from 'busboy';
import { fileTooLarge } from '../../shared/adapters/csv-errors.ts';
import { jsonPointer } from '../../shared/domain/json-pointer.ts';
import { AppError, shortened } from '../../shared/errors.ts';
import type { ApiContext } from '../deps.ts';
import { readQuery } from '../query.ts';
import { formType, noFile, plainFile, readMultipart, twoFiles, wrongPart } from './multipart.ts';
import { cutShort, refuseCompressed, wrongContentType } from './read-body.ts';
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

const acceptedTypes = 'multipart/form-data with a part file, or text/csv';
const howToSend = 'curl: -F file=@urls.csv, with the @; JavaScript: a Blob or File';

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
  const isForm = formType.test(contentType);
  if (!isForm && !/^text\/csv\s*(;.*)?$/i.test(contentType)) throw wrongContentType(contentType, acceptedTypes);
  refuseCompressed(ctx);
  if (Number(ctx.get('Content-Length')) > upload.fileBytes + formBytes) throw fileTooLarge(upload.fileBytes);
  if (isForm) {
    // Its fields are in the form; what stands in the query would be ignored.
    refuseQuery(ctx);
    return readForm(ctx, upload);
  }
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(readQuery(ctx))) {
    if (Array.isArray(value)) {
      const detail = givenTwice(name);
      const at = { in: 'query', pointer: null, name: shortened(name), code: 'given_twice', received: null } as const;
      throw new AppError('invalid', 'invalid_request', detail, { details: [{ ...at, detail }] });
    }
    fields[name] = value;
  }
  return { fields, isForm, file: await readWhole(ctx, upload) };
}

function givenTwice(name: string): string {
  return `${shortened(name)} is given twice; once is accepted`;
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

async function readForm<Stored>(ctx: ApiContext, upload: Upload<Stored>): Promise<Uploaded<Stored>> {
  const form = new FormReading(upload.store);
  try {
    await readMultipart(ctx, {
      limits: { fields: mostFields, parts: mostFields + 2, fieldSize: mostFieldBytes },
      bodyBytes: upload.fileBytes + formBytes,
      listen: (parser, refuse) => form.listen(parser, refuse),
    });
    return { fields: form.fields, isForm: true, file: await form.stored() };
  } catch (error) {
    await form.end(error);
    await upload.discard();
    throw error;
  }
}

/** What has come of a form so far. The first refusal ends it. */
class FormReading<Stored> {
  readonly fields: Record<string, string> = {};
  readonly #store: Upload<Stored>['store'];
  #stream: Readable | null = null;
  #storing: Promise<Stored> | null = null;

  constructor(store: Upload<Stored>['store']) {
    this.#store = store;
  }

  listen(parser: Busboy, refuse: (error: unknown) => void): void {
    parser.on('file', (name, stream) => {
      stream.on('error', () => undefined); // whoever reads it gets the error
      if (name !== 'file') {
        stream.resume();
        refuse(
          wrongField(name, 'unknown_field', 'The form has a file in a part of another name; it must be named file'),
        );
        return;
      }
      this.#stream = stream;
      this.#storing = this.#store(stream as AsyncIterable<Uint8Array>);
      this.#storing.catch(refuse);
    });
    parser.on('field', (name, value, { nameTruncated, valueTruncated }) => {
      const error = this.#take(name, value, nameTruncated || valueTruncated);
      if (error !== null) refuse(error);
    });
    parser.on('filesLimit', () => refuse(twoFiles()));
    for (const event of ['fieldsLimit', 'partsLimit'] as const)
      parser.on(event, () => refuse(wrongPart('', 'too_many', `The form has more than ${mostFields} fields`)));
  }

  #take(name: string, value: string, isCut: boolean): AppError | null {
    if (name === 'file') return plainFile(howToSend);
    if (isCut) return wrongField(name, 'too_long', `${shortened(name)} is longer than ${mostFieldBytes} bytes`);
    if (Object.hasOwn(this.fields, name)) return wrongField(name, 'given_twice', givenTwice(name));
    Object.defineProperty(this.fields, name, { value, enumerable: true });
    return null;
  }

  async stored(): Promise<Stored> {
    if (this.#storing === null) throw noFile();
    return this.#storing;
  }

  /** Ends what is being stored, and waits until nothing is written any more. */
  async end(error: unknown): Promise<void> {
    this.#stream?.destroy(error as Error);
    await this.#storing?.catch(() => undefined);
  }
}

function wrongField(name: string, code: string, detail: string): AppError {
  return wrongPart(jsonPointer([shortened(name) ?? '']), code, detail);
}
