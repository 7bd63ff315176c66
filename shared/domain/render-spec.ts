import type { Content } from './content/content.ts';

export const errorCorrectionLevels = ['L', 'M', 'Q', 'H'] as const;
export type ErrorCorrectionLevel = (typeof errorCorrectionLevels)[number];

export const imageFormats = ['png', 'svg'] as const;
export type ImageFormat = (typeof imageFormats)[number];

export const contentTypeOf = { png: 'image/png', svg: 'image/svg+xml' } as const satisfies Record<ImageFormat, string>;

/** `#rrggbb`, lower case. */
export type HexColour = `#${string}`;

/** A logo of the tenant, and the share of the symbol's width (quiet zone left out) that its longer side takes: 0.05…0.3. */
export type LogoPlacement = { id: string; ratio: number };

/**
 * The canonical render spec: checked, every default filled in, one spelling only; its id follows from it.
 *
 * `marginPx` is the quiet zone in pixels, for the peers' routes that measure it so; null elsewhere, and when it is set
 * `margin` is 0.
 */
export type RenderSpec = {
  content: Content;
  format: ImageFormat;
  /** Width and height, px: 100…2000 (from 10 on the peers' routes). */
  size: number;
  /** Quiet zone in modules, 0…20. */
  margin: number;
  marginPx: number | null;
  errorCorrection: ErrorCorrectionLevel;
  foreground: HexColour;
  background: HexColour | 'transparent';
  logo: LogoPlacement | null;
};

/** What a check of a spec needs to know of its logo. */
export type LogoFacts = { widthPx: number; heightPx: number };

export type Warning = { code: string; detail: string };
