import type { RequestedSpec } from '../../shared/contract/render-request.ts';
import { encodeContent } from '../../shared/domain/content/encode-content.ts';
import { planSymbol } from '../../shared/domain/plan-symbol.ts';
import type { ErrorCorrectionLevel, HexColour } from '../../shared/domain/render-spec.ts';
import { sizeProblems } from '../../shared/domain/scannability.ts';
import type { QueryDialect } from '../qr.ts';
import { type Query, readQuery } from '../query.ts';
import { isAscii, PeerQuery, peerSpec, readHexColour } from './peer-query.ts';

/** The largest size that goqr.me's `size` takes, px. */
const largestSize = 1000;

const charsets = ['utf-8', 'iso-8859-1'] as const;

/**
 * goqr.me's `create-qr-code` (goqr.me/api/doc/create-qr-code): `data`, `size`, `color`, `bgcolor`, `ecc`, `margin`, `qzone`,
 * `format`, `charset-source`, `charset-target`.
 *
 * Its `margin` is in pixels and is left out of vector graphics; its `qzone`, in modules, comes on top of it.
 */
export const readGoqr: QueryDialect = {
  names: {
    '/content': 'data',
    '/size': 'size',
    '/margin': 'margin',
    '/marginPx': 'margin',
    '/errorCorrection': 'ecc',
    '/foreground': 'color',
    '/background': 'bgcolor',
  },
  spell({ pointer, value }, query) {
    const hex = String(value).replace('#', '');
    if (pointer === '/size') return sizeThatWorks(query, Number(value));
    if (pointer === '/marginPx') return `margin=${value}&qzone=0`;
    if (pointer === '/errorCorrection') return `ecc=${value}`;
    if (pointer === '/foreground') return `color=${hex}`;
    return pointer === '/background' ? `bgcolor=${hex}` : null;
  },
  read(ctx) {
    const plain = readQuery(ctx, { charset: 'iso-8859-1' });
    const source = new PeerQuery(plain).oneOf('charset-source', charsets, 'utf-8');
    const query = source === 'utf-8' ? readQuery(ctx) : plain;
    return { query, spec: specOf(query) };
  },
};

function specOf(query: Query): RequestedSpec {
  const read = new PeerQuery(query);
  const data = read.required('data', 'the text to encode');
  const size = read.square('size', { initial: '200x200', min: 10, max: largestSize });
  const foreground = colour(read, 'color', '#000000');
  const background = colour(read, 'bgcolor', '#ffffff');
  const errorCorrection = read.level('ecc', read.text('ecc'), 'L');
  const format = read.oneOf('format', ['png', 'svg'], 'png');
  const marginPx = read.integer('margin', { initial: 1, min: 0, max: 50, unit: 'pixels' });
  const quietZone = read.integer('qzone', { initial: 0, min: 0, max: 100, unit: 'modules' });
  read.oneOf('charset-source', charsets, 'utf-8');
  if (read.oneOf('charset-target', charsets, 'utf-8') !== 'utf-8' && !isAscii(data))
    read.refuse('charset-target', 'unsupported_charset', 'charset-target must be UTF-8 for text beyond ASCII');
  read.settle();

  const quiet = quietSpace({ data, errorCorrection, size, marginPx: format === 'svg' ? 0 : marginPx, quietZone });
  return peerSpec(data, { size, foreground, background, errorCorrection, format, ...quiet });
}

/** A quiet zone in modules grows with the size: what leaves them room enough beside it is found by trying. */
function sizeThatWorks(query: Query, atLeast: number): string | null {
  for (let size = atLeast; size <= largestSize; size++) {
    const written = `${size}x${size}`;
    const spec = specOf({ ...query, size: written });
    const plan = planSymbol(encodeContent(spec.content), spec.errorCorrection);
    if ('tooLong' in plan) return `size=${written}`;
    if (sizeProblems({ ...spec, logo: null }, plan.modules).length === 0) return `size=${written}`;
  }
  return null;
}

/** Reads `255-0-0`, `f00` or `ff0000`. */
function colour(read: PeerQuery, name: string, initial: HexColour): HexColour {
  const text = read.text(name);
  if (text === null) return initial;
  const channels = /^(\d{1,3})-(\d{1,3})-(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (channels?.every((channel) => channel <= 255))
    return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
  const hex = /^([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text) ? readHexColour(text) : null;
  if (hex === null) read.refuse(name, `invalid_${name}`, `${name} must be like 255-0-0, f00 or ff0000`);
  return hex?.colour ?? initial;
}

type Quiet = {
  data: string;
  errorCorrection: ErrorCorrectionLevel;
  size: number;
  marginPx: number;
  quietZone: number;
};

/** Writes margin and quiet zone together as one: in modules when they alone count, else in pixels. */
function quietSpace({ data, errorCorrection, size, marginPx, quietZone }: Quiet): {
  margin: number;
  marginPx: number | null;
} {
  if (marginPx === 0 && quietZone <= 20) return { margin: quietZone, marginPx: null };
  if (quietZone === 0) return { margin: 0, marginPx };
  const plan = planSymbol(data, errorCorrection);
  // Too long for any symbol: the check of the spec says so, whatever the margin.
  if ('tooLong' in plan) return { margin: 0, marginPx };
  const modulePx = (size - 2 * marginPx) / (plan.modules + 2 * quietZone);
  return { margin: 0, marginPx: marginPx + Math.max(0, Math.round(quietZone * modulePx)) };
}
