import fc from 'fast-check';
import { contentSchema } from '../../shared/contract/content.ts';
import type { Content } from '../../shared/domain/content/content.ts';
import {
  errorCorrectionLevels,
  type HexColour,
  imageFormats,
  type LogoFacts,
  type RenderSpec,
} from '../../shared/domain/render-spec.ts';
import { arbitraryContent } from './arbitrary-content.ts';
import { type LogoKind, logoKinds } from './logo-pictures.ts';

/** Characters of every length in UTF-8, of every mode, and those that spoil encoders: separators, controls, BOM. */
const character = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz -_.,') },
  { weight: 2, arbitrary: fc.constantFrom(...'0123456789') },
  { weight: 2, arbitrary: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ$%*+/:') },
  { weight: 2, arbitrary: fc.constantFrom(...'äöüßéñ£çÿŁżąěš') },
  { weight: 1, arbitrary: fc.constantFrom(...'Приветمرحباשלום你好世界日本語テスト한국어ｱｲｳ') },
  { weight: 1, arbitrary: fc.constantFrom('😀', '👩‍👩‍👧', '🇩🇪', '𝒳', '\u{10ffff}') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...'\\;:,"\'<>&#?=@(){}[]|~`^!', '\r\n', '\n', '\t', '\ufeff', '\u001d', '\u2028'),
  },
);

/** A text of up to `maxLength` characters: of one kind, or mixed. */
function text(minLength: number, maxLength: number): fc.Arbitrary<string> {
  const of = (unit: fc.Arbitrary<string>) => fc.string({ unit, minLength, maxLength, size: 'max' });
  return fc.oneof(
    { weight: 3, arbitrary: of(character) },
    { weight: 1, arbitrary: of(fc.constantFrom(...'0123456789')) },
    { weight: 1, arbitrary: of(fc.constantFrom(...'ABCDEFGHIJ0123456789 $%*+-./:')) },
    { weight: 1, arbitrary: of(fc.constantFrom(...'你好世界日本語テスト한국어')) },
    { weight: 1, arbitrary: of(fc.constantFrom('0', '1', 'A', 'b', 'ü', '日')) },
  );
}

/** Long texts matter at the ends of the versions, and most people's are short. */
const longText = fc.oneof(
  { weight: 6, arbitrary: text(1, 60) },
  { weight: 3, arbitrary: text(60, 500) },
  { weight: 1, arbitrary: text(500, 3000) },
);

/** Canonical content: of every type as clients send it, and texts that fill symbols of every version. */
const content: fc.Arbitrary<Content> = fc.oneof(
  { weight: 3, arbitrary: arbitraryContent.map((sent): Content => contentSchema.parse(sent)) },
  { weight: 2, arbitrary: longText.map((long): Content => ({ type: 'text', text: long })) },
);

const channel = (min: number, max: number) =>
  fc.integer({ min, max }).map((value) => value.toString(16).padStart(2, '0'));
const colour = (min: number, max: number): fc.Arbitrary<HexColour> =>
  fc.tuple(channel(min, max), channel(min, max), channel(min, max)).map(([r, g, b]): HexColour => `#${r}${g}${b}`);

const side = fc.oneof(fc.integer({ min: 1, max: 400 }), fc.constantFrom(1, 16, 512));

/** A logo's size in px, extreme shapes among them. */
export const arbitraryLogo: fc.Arbitrary<LogoFacts> = fc.record({ widthPx: side, heightPx: side });

/** A spec of any kind, its logo's facts and what the logo shows: most can be drawn, some must be refused. */
export type AnySpec = { spec: RenderSpec; logo: LogoFacts | null; logoKind: LogoKind };

export const arbitrarySpec: fc.Arbitrary<AnySpec> = fc
  .record({
    content,
    format: fc.constantFrom(...imageFormats),
    size: fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 100, max: 600 }) },
      { weight: 1, arbitrary: fc.integer({ min: 100, max: 2000 }) },
    ),
    quietZone: fc.oneof(
      { weight: 4, arbitrary: fc.record({ margin: fc.integer({ min: 0, max: 20 }), marginPx: fc.constant(null) }) },
      { weight: 1, arbitrary: fc.record({ margin: fc.constant(0), marginPx: fc.integer({ min: 0, max: 50 }) }) },
    ),
    errorCorrection: fc.constantFrom(...errorCorrectionLevels),
    foreground: fc.oneof(fc.constant<HexColour>('#000000'), colour(0, 128), colour(0, 255)),
    background: fc.oneof(
      fc.constant<HexColour>('#ffffff'),
      fc.constant('transparent' as const),
      colour(160, 255),
      colour(0, 255),
    ),
    logo: fc.option(
      fc.record({
        facts: arbitraryLogo,
        kind: fc.constantFrom(...logoKinds),
        ratio: fc.integer({ min: 50, max: 300 }).map((thousandths) => thousandths / 1000),
      }),
      { freq: 2 },
    ),
  })
  .map(({ quietZone, logo, ...rest }) => {
    const id = logo === null ? '' : `logo_${logo.kind}_${logo.facts.widthPx}_${logo.facts.heightPx}`;
    return {
      spec: { ...rest, ...quietZone, logo: logo === null ? null : { id, ratio: logo.ratio } },
      logo: logo?.facts ?? null,
      logoKind: logo?.kind ?? 'black',
    };
  });
