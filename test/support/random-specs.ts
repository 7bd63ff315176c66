import fc from 'fast-check';
import { planRender, type RenderPlan } from '../../shared/domain/plan-render.ts';
import { AppError } from '../../shared/errors.ts';
import { drawRender } from '../../workers/image/draw.ts';
import { type AnySpec, arbitrarySpec } from './arbitrary-spec.ts';
import { decodeWithZbar, decodeWithZxing } from './decode.ts';
import { logoPicture } from './logo-pictures.ts';

export type Misread = {
  reader: 'zxing' | "zxing's bytes" | 'zbar';
  plan: RenderPlan;
  logoKind: string;
  read: string | null;
};

export type Outcome = {
  drawn: number;
  withLogo: number;
  /** Refusals by code; a spec that is refused for two reasons counts under both. */
  refused: Record<string, number>;
  misreads: Misread[];
  /** Images drawn under each warning. */
  warned: Record<string, number>;
  /** What zbar misread where the logo covers an alignment pattern, of which a warning tells. */
  knownMisreads: Misread[];
};

type Drawn = { plan: RenderPlan; logoKind: string; bytes: Buffer };

/** Specs that are drawn before zbar reads them all in one go: bounds memory. */
const specsPerRound = 200;

async function draw({ spec, logo, logoKind }: AnySpec): Promise<Drawn | AppError> {
  let plan: RenderPlan;
  try {
    plan = planRender(spec, logo);
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid' && error.details.length > 0) return error;
    throw error;
  }
  const { bytes } = await drawRender(plan, logo === null ? null : await logoPicture(logoKind, logo));
  return { plan, logoKind, bytes };
}

async function misreadsOf(drawn: Drawn[]): Promise<Misread[]> {
  const byZbar = await decodeWithZbar(drawn.map(({ bytes }) => bytes));
  const misreads: Misread[] = [];
  for (const [index, { plan, logoKind, bytes }] of drawn.entries()) {
    const byZxing = await decodeWithZxing(bytes);
    for (const [reader, read] of [
      ['zxing', byZxing?.text ?? null],
      ["zxing's bytes", byZxing?.bytesAsUtf8 ?? null],
      ['zbar', byZbar[index] ?? null],
    ] as const)
      if (read !== plan.encodedText) misreads.push({ reader, plan, logoKind, read });
  }
  return misreads;
}

/** What zbar alone may misread: decision record 0006. */
function isKnown({ reader, plan }: Misread): boolean {
  return reader === 'zbar' && plan.warnings.some(({ code }) => code === 'logo_on_alignment_pattern');
}

/**
 * Plans `count` random specs: each is refused by an `invalid` error with details, or drawn and read by both readers.
 * The same seed gives the same specs.
 */
export async function tryRandomSpecs(count: number, seed: number): Promise<Outcome> {
  const outcome: Outcome = { drawn: 0, withLogo: 0, refused: {}, misreads: [], warned: {}, knownMisreads: [] };
  const specs = fc.sample(arbitrarySpec, { numRuns: count, seed });
  for (let first = 0; first < count; first += specsPerRound) {
    const drawn: Drawn[] = [];
    for (const spec of specs.slice(first, first + specsPerRound)) {
      const result = await draw(spec);
      if (result instanceof AppError)
        for (const { code } of result.details) outcome.refused[code] = (outcome.refused[code] ?? 0) + 1;
      else drawn.push(result);
    }
    outcome.drawn += drawn.length;
    outcome.withLogo += drawn.filter(({ plan }) => plan.logoBox !== null).length;
    for (const { plan } of drawn)
      for (const { code } of plan.warnings) outcome.warned[code] = (outcome.warned[code] ?? 0) + 1;
    for (const misread of await misreadsOf(drawn))
      (isKnown(misread) ? outcome.knownMisreads : outcome.misreads).push(misread);
  }
  return outcome;
}
