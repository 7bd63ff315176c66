import type { HexColour } from '../../shared/domain/render-spec.ts';
import type { QueryDialect } from '../qr.ts';
import { readQuery } from '../query.ts';
import { PeerQuery, peerSpec, readHexColour } from './peer-query.ts';

/** `qrcode`, which QuickChart draws with, knows these names too. */
const levelNames: Record<string, string> = { low: 'L', medium: 'M', quartile: 'Q', high: 'H' };

/**
 * QuickChart's `/qr` (quickchart.io/documentation/qr-codes): `text`, `format`, `margin`, `size`, `dark`, `light`, `ecLevel`.
 *
 * A plus sign is a plus sign there. What would be another picture without it (an image in the centre, a caption) is refused.
 */
export const readQuickchart: QueryDialect = {
  names: {
    '/content': 'text',
    '/size': 'size',
    '/margin': 'margin',
    '/errorCorrection': 'ecLevel',
    '/foreground': 'dark',
    '/background': 'light',
  },
  spell({ pointer, value }) {
    const hex = String(value).replace('#', '');
    if (pointer === '/size') return `size=${value}`;
    if (pointer === '/errorCorrection') return `ecLevel=${value}`;
    if (pointer === '/foreground') return `dark=${hex}`;
    return pointer === '/background' ? `light=${hex}` : null;
  },
  read(ctx) {
    const query = readQuery(ctx, { plusIsSpace: false });
    const read = new PeerQuery(query);
    const text = read.required('text', 'the text to encode');
    const format = read.oneOf('format', ['png', 'svg', 'base64'], 'png');
    const margin = read.integer('margin', { initial: 4, min: 0, max: 20, unit: 'modules' });
    const size = read.integer('size', { initial: 150, min: 10, max: 2000, unit: 'pixels' });
    const level = read.text('ecLevel');
    const errorCorrection = read.level('ecLevel', levelNames[level?.toLowerCase() ?? ''] ?? level, 'M');
    const foreground = opaque(read, 'dark', '#000000');
    const background = readLight(read);
    refuseOtherPictures(read);
    read.settle();
    const spec = peerSpec(text, {
      format: format === 'svg' ? 'svg' : 'png',
      size,
      margin,
      errorCorrection,
      foreground,
      background,
    });
    return { query, spec, asBase64: format === 'base64' };
  },
};

const hexForm = 'must be hex digits, as in f00 or ff0000';

function opaque(read: PeerQuery, name: string, initial: HexColour): HexColour {
  const text = read.text(name);
  const hex = text === null ? { colour: initial, alpha: 255 } : readHexColour(text);
  if (hex === null) read.refuse(name, `invalid_${name}`, `${name} ${hexForm}`);
  else if (hex.alpha !== 255) read.refuse(name, `unsupported_${name}`, `${name} must be opaque here`);
  return hex?.colour ?? initial;
}

function readLight(read: PeerQuery): HexColour | 'transparent' {
  const text = read.text('light');
  const hex = text === null ? null : readHexColour(text);
  return hex?.alpha === 0 ? 'transparent' : opaque(read, 'light', '#ffffff');
}

function refuseOtherPictures(read: PeerQuery): void {
  if (read.text('centerImageUrl') !== null)
    read.refuse(
      'centerImageUrl',
      'unsupported_centerImageUrl',
      'centerImageUrl is not fetched here; upload the image with POST /v1/logos and use GET /v1/qr with logoId',
    );
  if (read.text('caption') !== null) read.refuse('caption', 'unsupported_caption', 'A caption is not drawn here');
  const mode = read.text('mode');
  if (mode !== null && mode.toLowerCase() === 'sjis')
    read.refuse('mode', 'unsupported_mode', 'mode=sjis is not drawn here; text is encoded in UTF-8');
}
