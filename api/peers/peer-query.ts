import type { RequestedSpec } from '../../shared/contract/render-request.ts';
import {
  type ErrorCorrectionLevel,
  errorCorrectionLevels,
  type HexColour,
  type RenderSpec,
} from '../../shared/domain/render-spec.ts';
import { AppError, type FieldError, shortened } from '../../shared/errors.ts';
import type { Query } from '../query.ts';

/** Reads a peer's parameters one by one and gathers what we cannot honour; parameters nobody asks for are ignored. */
export class PeerQuery {
  readonly #query: Query;
  readonly #details: FieldError[] = [];

  constructor(query: Query) {
    this.#query = query;
  }

  /** Notes that a parameter cannot be honoured, and why. */
  refuse(name: string, code: string, detail: string): void {
    this.#details.push({ in: 'query', pointer: null, name, code, detail, received: shortened(this.#query[name]) });
  }

  /** The value, or null when it is absent or empty. */
  text(name: string): string | null {
    const value = this.#query[name];
    if (value === undefined || value === '') return null;
    if (!Array.isArray(value)) return value;
    this.refuse(name, 'given_twice', `${name} is given ${value.length} times; once is accepted`);
    return null;
  }

  required(name: string, what: string): string {
    const value = this.text(name);
    if (value === null && this.#query[name] !== undefined && Array.isArray(this.#query[name])) return '';
    if (value === null) this.refuse(name, 'required', `${name} is missing: ${what}`);
    return value ?? '';
  }

  integer(
    name: string,
    { initial, min, max, unit }: { initial: number; min: number; max: number; unit: string },
  ): number {
    const text = this.text(name);
    return text === null ? initial : this.whole(name, text, { min, max, unit });
  }

  /** Reads a whole number that is part of `name`'s value. */
  whole(name: string, text: string, { min, max, unit }: { min: number; max: number; unit: string }): number {
    const number = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return number;
    this.refuse(name, `invalid_${name}`, `${name} must be a whole number of ${unit} from ${min} to ${max}`);
    return min;
  }

  /** Reads `300x300`; a rectangle is refused, since a symbol is a square. */
  square(name: string, { initial, min, max }: { initial: string | null; min: number; max: number }): number {
    const text = this.text(name) ?? initial;
    if (text === null) {
      this.refuse(name, 'required', `${name} is missing: width and height in pixels, as in 300x300`);
      return max;
    }
    const [, width, height] = /^(\d{1,7})x(\d{1,7})$/i.exec(text) ?? [];
    if (width === undefined || width !== height) {
      const why = width === undefined ? 'must be width and height in pixels, as in 300x300' : 'must be a square here';
      this.refuse(name, `invalid_${name}`, `${name} ${why}`);
      return max;
    }
    return this.whole(name, width, { min, max, unit: 'pixels' });
  }

  level(name: string, text: string | null, initial: ErrorCorrectionLevel): ErrorCorrectionLevel {
    const level = errorCorrectionLevels.find((known) => known === (text ?? initial).toUpperCase());
    if (level === undefined)
      this.refuse(name, `invalid_${name}`, `${name} must be one of ${errorCorrectionLevels.join(', ')}`);
    return level ?? initial;
  }

  /** Reads one of the formats we draw; `others` are the peer's that we lack. */
  oneOf<Choice extends string>(name: string, choices: readonly Choice[], initial: Choice): Choice {
    const text = this.text(name)?.toLowerCase() ?? initial;
    const choice = choices.find((known) => known === text);
    if (choice === undefined)
      this.refuse(
        name,
        `unsupported_${name.replaceAll('-', '_')}`,
        `${name} must be one of ${choices.join(', ')} here`,
      );
    return choice ?? initial;
  }

  /** @throws AppError `invalid` that names every parameter that cannot be honoured */
  settle(): void {
    if (this.#details.length === 0) return;
    const message = this.#details.map(({ detail }) => detail).join('; ');
    throw new AppError('invalid', 'invalid_request', message, { details: this.#details });
  }
}

/** Whether charsets agree on these characters, so that it does not matter which one the symbol was asked for in. */
export function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

/** Writes 3, 4, 6 or 8 hex digits, with or without `#`, as a colour and its opacity (0…255); null when they are none. */
export function readHexColour(text: string): { colour: HexColour; alpha: number } | null {
  const digits = /^#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.exec(text)?.[1]?.toLowerCase();
  if (digits === undefined) return null;
  const long = digits.length <= 4 ? [...digits].map((digit) => digit + digit).join('') : digits;
  return { colour: `#${long.slice(0, 6)}`, alpha: Number.parseInt(long.slice(6) || 'ff', 16) };
}

/** Fills in what a peer's spec does not say. */
export function peerSpec(text: string, spec: Partial<Omit<RenderSpec, 'content' | 'logo'>>): RequestedSpec {
  return {
    content: { type: 'text', text },
    format: 'png',
    size: 200,
    margin: 4,
    marginPx: null,
    errorCorrection: 'L',
    foreground: '#000000',
    background: '#ffffff',
    logo: null,
    ...spec,
  };
}
