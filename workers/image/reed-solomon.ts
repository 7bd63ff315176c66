/** Powers of the generator element of GF(256) modulo x⁸+x⁴+x³+x²+1 and their logarithms (ISO/IEC 18004, clause 7.5.2). */
const power = new Uint8Array(255);
const logarithm = new Uint8Array(256);
for (let exponent = 0, value = 1; exponent < 255; exponent++) {
  power[exponent] = value;
  logarithm[value] = exponent;
  value = value < 0x80 ? value << 1 : (value << 1) ^ 0x11d;
}

function product(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  return power[((logarithm[a] as number) + (logarithm[b] as number)) % 255] as number;
}

/** Returns the coefficients of a generator polynomial, highest power first, the leading 1 left out (annex A). */
function generatorOf(degree: number): Uint8Array {
  const coefficients = new Uint8Array(degree + 1);
  coefficients[0] = 1;
  for (let root = 0; root < degree; root++)
    for (let index = root + 1; index > 0; index--) {
      const before = coefficients[index - 1] as number;
      coefficients[index] = (coefficients[index] as number) ^ product(before, power[root] as number);
    }
  return coefficients.subarray(1);
}

/** A remainder of `degree` codewords, four a word, the first one in the highest bits: so that a step shifts words, not bytes. */
type Division = {
  words: number;
  /** For each factor, `words` words: the generator polynomial times it. */
  multiples: Int32Array;
  /** Where the remainder grows. */
  rest: Int32Array;
};

const divisions = new Map<number, Division>();

/** Returns what dividing by a generator polynomial needs. Each is made once. */
function divisionBy(degree: number): Division {
  const known = divisions.get(degree);
  if (known !== undefined) return known;
  const words = (degree + 3) >> 2;
  const multiples = new Int32Array(256 * words);
  for (const [index, coefficient] of generatorOf(degree).entries())
    for (let factor = 1; factor < 256; factor++) {
      const at = factor * words + (index >> 2);
      multiples[at] = (multiples[at] as number) | (product(coefficient, factor) << (24 - 8 * (index & 3)));
    }
  const made = { words, multiples, rest: new Int32Array(words) };
  divisions.set(degree, made);
  return made;
}

/**
 * Writes the error correction codewords of one block: the remainder of its data by the generator polynomial (ISO/IEC 18004,
 * clause 7.5.2).
 *
 * @param data holds the block from `start` to before `end`
 * @param checks is filled: its length, 7…30, says how many there are
 */
export function writeChecks(data: Uint8Array, start: number, end: number, checks: Uint8Array): void {
  const { words, multiples, rest } = divisionBy(checks.length);
  const last = words - 1;
  rest.fill(0);
  for (let index = start; index < end; index++) {
    const multiple = words * ((data[index] as number) ^ ((rest[0] as number) >>> 24));
    for (let word = 0; word < last; word++)
      rest[word] =
        (((rest[word] as number) << 8) | ((rest[word + 1] as number) >>> 24)) ^ (multiples[multiple + word] as number);
    rest[last] = ((rest[last] as number) << 8) ^ (multiples[multiple + last] as number);
  }
  for (let index = 0; index < checks.length; index++)
    checks[index] = (rest[index >> 2] as number) >>> (24 - 8 * (index & 3));
}
