import { hash } from 'node:crypto';
import type { RenderResult, RenderRow } from '../shared/adapters/database/database.ts';
import type { ObjectStore } from '../shared/adapters/objects/objects.ts';
import { imageKey } from '../shared/domain/object-key.ts';
import { planRender, type RenderPlan } from '../shared/domain/plan-render.ts';
import { contentTypeOf, type RenderSpec } from '../shared/domain/render-spec.ts';
import { AppError, type WorkError } from '../shared/errors.ts';
import type { LoadedLogo, LogoSource } from './logo-source.ts';

export type DrawRender = (plan: RenderPlan, logo: Buffer | null) => Promise<{ bytes: Buffer; mask: number }>;

/** What came of one render. */
export type Attempt =
  /** Drawn, and its object is in the store. */
  | { kind: 'drawn'; result: RenderResult; bytes: Buffer }
  /** Will never work. */
  | { kind: 'failed'; error: WorkError }
  /** A store does not answer: later. */
  | { kind: 'away'; cause: unknown }
  /** Drawing threw what it never should: a bug. */
  | { kind: 'broken'; cause: unknown };

export type RenderOne = (row: RenderRow) => Promise<Attempt>;

/** What came of one drawing, before anything is stored. */
export type Drawing =
  | { kind: 'drawn'; plan: RenderPlan; bytes: Buffer; mask: number }
  | { kind: 'failed'; cause: AppError }
  | { kind: 'away'; cause: unknown }
  | { kind: 'broken'; cause: unknown };

export type DrawOne = (spec: RenderSpec) => Promise<Drawing>;

/** Returns a function that plans and draws one spec, with its logo. It does not throw. */
export function createDrawOne({ logos, draw }: { logos: LogoSource; draw: DrawRender }): DrawOne {
  return async (spec) => {
    let logo: LoadedLogo | null;
    try {
      logo = spec.logo && (await logos(spec.logo.id));
    } catch (cause) {
      return failedForGood(cause) ?? { kind: 'away', cause };
    }
    try {
      const plan = planRender(spec, logo?.facts ?? null);
      return { kind: 'drawn', plan, ...(await draw(plan, logo?.bytes ?? null)) };
    } catch (cause) {
      return failedForGood(cause) ?? { kind: 'broken', cause };
    }
  };
}

/** Returns a function that draws one row and stores its bytes. It does not throw: each row stands for itself. */
export function createRenderOne({
  logos,
  objects,
  draw,
}: {
  logos: LogoSource;
  objects: ObjectStore;
  draw: DrawRender;
}): RenderOne {
  const drawOne = createDrawOne({ logos, draw });
  return async ({ id, spec }) => {
    const drawing = await drawOne(spec);
    if (drawing.kind === 'failed') return { kind: 'failed', error: workErrorOf(drawing.cause) };
    if (drawing.kind !== 'drawn') return drawing;
    const { plan, bytes } = drawing;
    try {
      const contentType = contentTypeOf[spec.format];
      await objects.put(imageKey(id, spec.format), bytes, { contentType, durable: false });
    } catch (cause) {
      return { kind: 'away', cause };
    }
    return { kind: 'drawn', result: resultOf(plan, drawing), bytes };
  };
}

function failedForGood(cause: unknown): { kind: 'failed'; cause: AppError } | null {
  return cause instanceof AppError && cause.kind !== 'unavailable' ? { kind: 'failed', cause } : null;
}

/** Returns an error as it is stored in a row and shown. */
export function workErrorOf({ code, message, details }: AppError): WorkError {
  return { code, detail: message, pointer: details[0]?.pointer ?? null };
}

function resultOf({ symbol }: RenderPlan, { bytes, mask }: { bytes: Buffer; mask: number }): RenderResult {
  return {
    version: symbol.version,
    modules: symbol.modules,
    errorCorrection: symbol.errorCorrection,
    mask,
    sizeBytes: bytes.length,
    sha256: hash('sha256', bytes, 'hex'),
  };
}
