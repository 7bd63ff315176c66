import busboy from 'busboy';
import { AppError, type FieldError, shortened } from '../../shared/errors.ts';
import type { ApiContext } from '../deps.ts';
import { bodyTooLarge, cutShort, refuseCompressed, refuseCut } from './read-body.ts';

/** What the Content-Type of a form looks like, with or without its boundary. */
export const formType = /^multipart\/form-data\s*(;|$)/i;

type Form = {
  /** At most one file: a second one is for `filesLimit`. */
  limits: Omit<busboy.Limits, 'files' | 'headerPairs'>;
  bodyBytes: number;
  /** Listens to the parts. What `refuse` is given ends the reading at once: no part is told any more, and no other refusal. */
  listen: (parser: busboy.Busboy, refuse: (error: unknown) => void) => void;
};

/**
 * Reads a form to its end, part by part. When it ends early, what is left of the body is thrown away, so that its sender gets
 * to read the answer.
 *
 * @throws AppError `malformed`, `media-type` for a compressed one, `too-large` above `bodyBytes`, `timeout` when it is cut off,
 *   and what was refused
 */
export async function readMultipart(ctx: ApiContext, { limits, bodyBytes, listen }: Form): Promise<void> {
  refuseCompressed(ctx);
  refuseCut(ctx);
  const parser = startParser(ctx, { ...limits, files: 1, headerPairs: 32 });
  const { req } = ctx;
  let sizeBytes = 0;
  return new Promise((resolve, reject) => {
    const end = (): void => {
      req.off('data', count).off('error', cut).off('close', cut);
      req.unpipe(parser);
      req.resume();
      parser.removeAllListeners().on('error', () => undefined);
    };
    const refuse = (error: unknown): void => {
      end();
      reject(error);
    };
    const count = (chunk: Buffer): void => {
      sizeBytes += chunk.length;
      if (sizeBytes > bodyBytes) refuse(bodyTooLarge(bodyBytes));
    };
    const cut = (cause?: Error): void => {
      if (!req.readableEnded) refuse(cutShort(cause));
    };
    parser.on('error', (cause) => {
      refuse(new AppError('malformed', 'malformed_multipart', 'The multipart body cannot be read', { cause }));
    });
    parser.on('close', () => {
      end();
      resolve();
    });
    listen(parser, refuse);
    req.on('data', count).on('error', cut).on('close', cut);
    req.pipe(parser);
  });
}

function startParser({ req }: ApiContext, limits: busboy.Limits): busboy.Busboy {
  try {
    return busboy({ headers: req.headers, limits });
  } catch (cause) {
    const code = 'malformed_multipart';
    const detail =
      'The Content-Type names no boundary, as in multipart/form-data; boundary=…: leave this header to the client that writes the form';
    const received = shortened(req.headers['content-type']);
    throw new AppError('malformed', code, detail, {
      details: [{ in: 'header', pointer: null, name: 'Content-Type', code, detail, received }],
      cause,
    });
  }
}

/** Says what is wrong with a part of a form, or with a body as a whole, whose pointer is ''. */
export function wrongPart(pointer: string, code: string, detail: string, received: string | null = null): AppError {
  const field: FieldError = { in: 'body', pointer, name: null, code, detail, received };
  return new AppError('invalid', 'invalid_request', detail, { details: [field] });
}

export function noFile(): AppError {
  return wrongPart('/file', 'required', 'The form has no file in a part named file');
}

export function twoFiles(): AppError {
  return wrongPart('/file', 'given_twice', 'The form has more than one file');
}

/** Says that the part `file` has no file name. @param how it is sent instead */
export function plainFile(how: string): AppError {
  return wrongPart('/file', 'invalid_type', `file must be a file part, and came as a plain field (${how})`);
}
