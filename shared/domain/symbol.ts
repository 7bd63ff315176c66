import type { ErrorCorrectionLevel } from './render-spec.ts';

/** A run of characters in one encoding mode (ISO/IEC 18004, clause 7.3). Byte text is written as UTF-8. */
export type Segment = { mode: 'numeric' | 'alphanumeric' | 'byte'; text: string };

/** What the encoder is told: everything about a symbol but its mask. */
export type SymbolPlan = {
  /** 1…40 */
  version: number;
  /** Modules along one side, quiet zone left out: 17 + 4 · version. */
  modules: number;
  errorCorrection: ErrorCorrectionLevel;
  segments: Segment[];
};
