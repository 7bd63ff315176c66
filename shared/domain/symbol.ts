import type { ErrorCorrectionLevel } from './render-spec.ts';

/** A run of characters in one encoding mode (ISO/IEC 18004, clause 7.3). Byte text is written as UTF-8. */
export type Segment = { mode: 'numeric' | 'alphanumeric' | 'byte'; text: string };

/**
 * The assignment number that announces UTF-8 (AIM ECI 26; ISO/IEC 18004, clause 7.4.2). Without it readers guess the
 * encoding of bytes, and some guess wrong: decision record 0008.
 */
export const utf8Eci = 26;

/** What the encoder is told: everything about a symbol but its mask. */
export type SymbolPlan = {
  /** 1…40 */
  version: number;
  /** Modules along one side, quiet zone left out: 17 + 4 · version. */
  modules: number;
  errorCorrection: ErrorCorrectionLevel;
  /** What stands before the segments: UTF-8 is announced for a text with any character beyond ASCII, and only then. */
  eci: typeof utf8Eci | null;
  segments: Segment[];
};
