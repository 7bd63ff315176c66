import { flatValue } from './flat-fields.ts';
import {
  type ImageOptions,
  imageOptionsSchema,
  type RequestedImageOptions,
  requestedImageOptions,
} from './image-options.ts';
import { reader, readParameters } from './parameters.ts';
import type { Query } from './render-query.ts';
import { imageFields } from './render-request.ts';
import { invalidRequest, type Place, problemsOf } from './zod-problems.ts';

const optionNames = Object.keys(imageFields).filter((name) => name !== 'logo');

/** The parameters of a code's image by the fields that they stand for: a logo's two stand side by side. */
export const imageParameters: Readonly<Record<string, string>> = { '/logo/ratio': 'logoRatio', '/logo': 'logoId' };

const readers = Object.fromEntries(
  [...optionNames, ...Object.values(imageParameters)].map((name) => [
    name,
    reader({}, (text) => ({ value: flatValue(name, text) })),
  ]),
);

const place: Place = {
  in: 'query',
  nameOf: (path) => (path.length === 1 ? String(path[0]) : (imageParameters[`/${path.join('/')}`] ?? 'logoId')),
};

/**
 * Reads the query of GET /v1/codes/:id/image: the fields of the render spec but content, with `logoId` and `logoRatio`. What
 * it does not name is as in the code's own options; an empty `logoId` alone leaves their logo out.
 *
 * @throws AppError `invalid`, `invalid_request`, that names every parameter that is wrong, unknown or given twice
 */
export function parseImageQuery(query: Query, options: ImageOptions): RequestedImageOptions {
  const { values, problems } = readParameters(query, readers);
  const { logoId, logoRatio, ...given } = values;
  if (logoId === '' && logoRatio === undefined)
    return parseImageQuery({ ...query, logoId: undefined }, withoutLogo(options));
  const logo =
    logoId === undefined && logoRatio === undefined
      ? null
      : { ...options.logo, ...defined({ id: logoId, ratio: logoRatio }) };
  const body = logo === null ? given : { ...given, logo };
  const parsed = imageOptionsSchema.safeParse(body);
  if (!parsed.success) problems.push(...problemsOf(parsed.error.issues, body));
  if (!parsed.success || problems.length > 0) throw invalidRequest(problems, place);
  return { ...options, ...requestedImageOptions(parsed.data, null) };
}

function withoutLogo({ logo, ...options }: ImageOptions): ImageOptions {
  return options;
}

function defined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
