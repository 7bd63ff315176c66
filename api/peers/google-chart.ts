import type { ErrorCorrectionLevel, HexColour } from '../../shared/domain/render-spec.ts';
import type { QueryDialect } from '../qr.ts';
import { readQuery } from '../query.ts';
import { isAscii, PeerQuery, peerSpec, readHexColour } from './peer-query.ts';

/**
 * Google Image Charts' QR codes (retired in 2019): `cht=qr`, `chl`, `chs=WxH`, `chld=L|4` (level, margin in modules), `choe`,
 * `chof`, and `chf=bg,s,RRGGBBAA` for the background.
 */
export const readGoogleChart: QueryDialect = {
  names: {
    '/content': 'chl',
    '/size': 'chs',
    '/margin': 'chld',
    '/errorCorrection': 'chld',
    '/foreground': 'chf',
    '/background': 'chf',
  },
  spell({ pointer, value }, { chld }) {
    const margin = /\|.+$/.exec(String(chld ?? ''))?.[0] ?? '';
    if (pointer === '/size') return `chs=${value}x${value}`;
    if (pointer === '/errorCorrection') return `chld=${value}${margin}`;
    return pointer === '/background' ? `chf=bg,s,${String(value).replace('#', '')}` : null;
  },
  read(ctx) {
    const query = readQuery(ctx);
    const read = new PeerQuery(query);
    if (
      read.required('cht', 'the kind of chart; qr is the one drawn here').toLowerCase() !== 'qr' &&
      read.text('cht') !== null
    )
      read.refuse('cht', 'unsupported_cht', 'cht must be qr; other charts are not drawn here');
    const text = read.required('chl', 'the text to encode');
    const size = read.square('chs', { initial: null, min: 10, max: 2000 });
    const { errorCorrection, margin } = readLevelAndMargin(read);
    const format = read.oneOf('chof', ['png', 'svg'], 'png');
    const background = readFill(read);
    const charset = read.oneOf('choe', ['utf-8', 'iso-8859-1', 'shift_jis'], 'utf-8');
    if (charset !== 'utf-8' && !isAscii(text))
      read.refuse('choe', 'unsupported_choe', 'choe must be UTF-8 for text beyond ASCII');
    read.settle();
    return { query, spec: peerSpec(text, { size, margin, errorCorrection, format, background }) };
  },
};

/** Reads `L|4`, of which either may be left out. */
function readLevelAndMargin(read: PeerQuery): { errorCorrection: ErrorCorrectionLevel; margin: number } {
  const found = /^([LMQH]?)(?:\|(\d{0,7}))?$/i.exec(read.text('chld') ?? '');
  const [level, margin] = [found?.[1] || 'L', Number(found?.[2] || 4)];
  if (found === null || margin > 20)
    read.refuse(
      'chld',
      'invalid_chld',
      'chld must be a level (L, M, Q or H) and a margin of 0 to 20 modules, as in L|4; either may be left out',
    );
  return { errorCorrection: level.toUpperCase() as ErrorCorrectionLevel, margin };
}

function readFill(read: PeerQuery): HexColour | 'transparent' {
  const fill = read.text('chf');
  if (fill === null) return '#ffffff';
  const hex = readHexColour(/^bg,s,([0-9a-f]{6}(?:[0-9a-f]{2})?)$/i.exec(fill)?.[1] ?? '');
  if (hex?.alpha === 255) return hex.colour;
  if (hex?.alpha === 0) return 'transparent';
  read.refuse('chf', 'unsupported_chf', 'chf must be bg,s,RRGGBB, or bg,s,RRGGBB00 for a transparent background');
  return '#ffffff';
}
