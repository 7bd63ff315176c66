import { contentSchemas } from '../../shared/contract/content.ts';
import { contentFieldsOf } from '../../shared/contract/flat-fields.ts';
import type { JsonSchema } from '../../shared/contract/parameters.ts';
import { imageDefaults, imageFields } from '../../shared/contract/render-request.ts';
import { contentTypes } from '../../shared/domain/content/content.ts';
import { ids } from './examples.ts';
import type { Operations, Parameter } from './operation.ts';
import { parameterOf } from './parameters.ts';
import { images, oneCallProblems } from './renders.ts';

const text = (description: string, example?: unknown): Parameter => ({
  schema: { type: 'string' },
  description,
  ...(example === undefined ? {} : { example }),
});

/** The spec's fields as parameters, without the defaults that a code may have of its own. */
export const imageParameters = {
  format: parameterOf(imageFields.format),
  size: parameterOf(imageFields.size, { example: 400 }),
  margin: parameterOf(imageFields.margin),
  errorCorrection: parameterOf(imageFields.errorCorrection),
  foreground: parameterOf(imageFields.foreground, { example: '#1a2b3c' }),
  background: parameterOf(imageFields.background),
  logoId: {
    schema: { type: 'string', pattern: '^logo_' },
    description: `The id of an uploaded logo, such as ${ids.logo}.`,
  },
  logoRatio: {
    schema: { type: 'number', minimum: 0.05, maximum: 0.3 },
    description: "The logo's share of the width; 0.2.",
  },
} satisfies Record<string, Parameter>;

function withDefaults(parameters: Record<string, Parameter>): Record<string, Parameter> {
  const entries = Object.entries(parameters).map(([name, { schema, ...more }]): [string, Parameter] => {
    const initial = (imageDefaults as Record<string, unknown>)[name];
    return [
      name,
      { schema: initial === undefined ? schema : ({ ...schema, default: initial } as JsonSchema), ...more },
    ];
  });
  return Object.fromEntries(entries);
}

/** Every content field by its name, and the types that have it. */
function contentParameters(): Record<string, Parameter> {
  const types = new Map<string, string[]>();
  for (const type of contentTypes)
    for (const name of contentFieldsOf(type)) types.set(name, [...(types.get(name) ?? []), type]);
  return Object.fromEntries([...types].map(([name, of]) => [name, text(`A field of type ${of.join(', ')}.`)]));
}

const answers = {
  200: {
    description: 'The image.',
    headers: ['ETag!', 'Cache-Control!', 'Content-Disposition!', 'Vary'],
    content: images,
  },
  304: { description: 'It is the one that the caller has.', headers: ['ETag!', 'Cache-Control!'] },
} as const;

const shared = {
  tag: 'Images',
  access: 'open',
  headers: ['If-None-Match'],
  answers,
  problems: oneCallProblems,
} as const;

const level: JsonSchema = { type: 'string', enum: ['L', 'M', 'Q', 'H', 'l', 'm', 'q', 'h'] };
const whole = (minimum: number, maximum: number, description: string, initial: number): Parameter => ({
  schema: { type: 'integer', minimum, maximum, default: initial },
  description,
});

/** Images in one call: our own path, and those of services that people move from. */
export const imageOperations = {
  'GET /v1/qr': {
    ...shared,
    id: 'getImage',
    summary: 'Draw a QR code in one call',
    description:
      'For `<img src>`: `data` and, where wanted, fields of content and looks. Open unless the instance says `OPEN_QR=false`; with a key the answer is private. A signed query needs no key, on this path and the next three: `kid` names the secret, `exp` is the end in Unix seconds, and `sig`, the last parameter, the HMAC-SHA256 in hex of path and query up to `&sig=`. The fields of content belong to their `type`.',
    query: {
      data: { ...text('The main field of the type (text, url, number …).', 'https://example.com') },
      type: {
        schema: { type: 'string', enum: Object.keys(contentSchemas), default: 'text' },
        description: 'The type of content.',
      },
      ...withDefaults(imageParameters),
      ...contentParameters(),
    },
  },
  'GET /v1/create-qr-code': {
    ...shared,
    id: 'getImageAsGoqr',
    summary: 'The same, with the parameters of goqr.me',
    description:
      "goqr.me's names, units and defaults: its `margin` is in pixels, its `qzone` in modules. Others are ignored.",
    query: {
      data: { ...text('The text to encode.', 'https://example.com'), required: true },
      size: {
        schema: { type: 'string', pattern: '^\\d{1,7}x\\d{1,7}$', default: '200x200' },
        description: 'Pixels, a square.',
        example: '250x250',
      },
      color: { schema: { type: 'string', default: '0-0-0' }, description: '255-0-0, f00 or ff0000.' },
      bgcolor: { schema: { type: 'string', default: '255-255-255' }, description: '255-0-0, f00 or ff0000.' },
      ecc: { schema: { ...level, default: 'L' } as JsonSchema, description: 'Error correction level.' },
      margin: whole(0, 50, 'Pixels; without meaning in SVG.', 1),
      qzone: whole(0, 100, 'Modules, on top of the margin.', 0),
      format: { schema: { type: 'string', enum: ['png', 'svg'], default: 'png' } },
      'charset-source': { schema: { type: 'string', enum: ['UTF-8', 'ISO-8859-1'], default: 'UTF-8' } },
      'charset-target': { schema: { type: 'string', enum: ['UTF-8', 'ISO-8859-1'], default: 'UTF-8' } },
    },
  },
  'GET /qr': {
    ...shared,
    id: 'getImageAsQuickChart',
    summary: 'The same, with the parameters of QuickChart',
    description: "QuickChart's names, units and defaults; a plus sign is a plus sign. Others are ignored.",
    query: {
      text: { ...text('The text to encode.', 'https://example.com'), required: true },
      format: { schema: { type: 'string', enum: ['png', 'svg', 'base64'], default: 'png' } },
      size: whole(10, 2000, 'Pixels.', 150),
      margin: whole(0, 20, 'Modules.', 4),
      ecLevel: { schema: { ...level, default: 'M' } as JsonSchema, description: 'Error correction level.' },
      dark: { schema: { type: 'string', default: '000' }, description: 'Hexadecimal digits.' },
      light: { schema: { type: 'string', default: 'fff' }, description: 'Hexadecimal digits; 0000 for transparent.' },
    },
    answers: {
      ...answers,
      200: {
        ...answers[200],
        headers: ['ETag!', 'Cache-Control!', 'Content-Disposition'],
        content: { ...images, 'text/plain': { schema: { type: 'string' } } },
      },
    },
  },
  'GET /chart': {
    ...shared,
    id: 'getImageAsGoogleChart',
    summary: 'The same, with the parameters of Google Image Charts',
    description: "Google's names, units and defaults (`cht=qr`). Others are ignored.",
    query: {
      cht: { schema: { type: 'string', enum: ['qr'] }, required: true, example: 'qr' },
      chl: { ...text('The text to encode.', 'https://example.com'), required: true },
      chs: {
        schema: { type: 'string', pattern: '^\\d{1,7}x\\d{1,7}$' },
        required: true,
        description: 'Pixels, a square.',
        example: '250x250',
      },
      chld: { schema: { type: 'string', default: 'L|4' }, description: 'Level and margin in modules.' },
      choe: { schema: { type: 'string', enum: ['UTF-8', 'ISO-8859-1', 'Shift_JIS'], default: 'UTF-8' } },
      chof: { schema: { type: 'string', enum: ['png', 'svg'], default: 'png' } },
      chf: { schema: { type: 'string' }, description: 'bg,s,RRGGBB, or bg,s,RRGGBB00 for a transparent background.' },
    },
  },
} satisfies Operations;
