import { maxVersion } from '../../shared/domain/capacity.ts';
import { planSymbol } from '../../shared/domain/plan-symbol.ts';
import type { ErrorCorrectionLevel } from '../../shared/domain/render-spec.ts';
import type { SymbolPlan } from '../../shared/domain/symbol.ts';

/** Letters of a fixed pseudo-random sequence (Lehmer's), so that every run sees the same symbols. */
export function letters(count: number, seed: number): string {
  let state = seed;
  let text = '';
  for (let index = 0; index < count; index++) {
    state = (state * 48271) % 2147483647;
    text += String.fromCharCode(97 + (state % 26));
  }
  return text;
}

/** Plans a full symbol of a version: as many lower case letters as it holds. */
export function fullSymbol(version: number, level: ErrorCorrectionLevel, seed = 1): { text: string; plan: SymbolPlan } {
  if (version < 1 || version > maxVersion) throw new Error(`version ${version} is not 1…${maxVersion}`);
  let count = 1;
  for (let step = 4096; step >= 1; step /= 2) {
    const fit = planSymbol(letters(count + step, seed), level);
    if ('version' in fit && fit.version <= version) count += step;
  }
  const text = letters(count, seed);
  const plan = planSymbol(text, level, version);
  if ('tooLong' in plan) throw new Error(`${count} letters do not fit version ${version}`);
  return { text, plan };
}
