import type { CodeRow } from '../shared/adapters/database/code-store.ts';
import { type ImageOptions, imageSpec, type RequestedImageOptions } from '../shared/contract/image-options.ts';
import type { RequestedSpec } from '../shared/contract/render-request.ts';
import { encodedTextOf } from '../shared/domain/short-url.ts';
import { AppError } from '../shared/errors.ts';
import type { AcceptRenders } from './accept-renders.ts';
import type { ApiContext } from './deps.ts';
import { onlyWhatCame } from './only-what-came.ts';

type Named = Pick<CodeRow, 'shortOrigin' | 'slug'>;

/** Returns the spec of a code's image with these options. */
export function symbolSpec(code: Named, options: RequestedImageOptions): RequestedSpec {
  const url = encodedTextOf(code, options.compact !== false);
  return imageSpec({ type: 'url', url }, options);
}

/**
 * Checks that readers can read a code's symbol with these options, by planning it; an inline logo is uploaded first.
 *
 * @returns the options as they are stored: a logo by its id
 * @throws AppError `invalid` that points below `/imageOptions`, and what the upload of a logo throws
 */
export async function settleOptions(
  acceptRenders: AcceptRenders,
  ctx: ApiContext,
  code: Named,
  options: RequestedImageOptions,
): Promise<ImageOptions> {
  try {
    const { plan, refusal } = await acceptRenders.prepare(ctx.state.tenantId, symbolSpec(code, options), ctx.res);
    if (refusal) throw refusal;
    const { logo: _, ...rest } = options;
    return plan.spec.logo === null ? rest : { ...rest, logo: plan.spec.logo };
  } catch (error) {
    throw belowImageOptions(onlyWhatCame(error, options));
  }
}

function belowImageOptions(error: unknown): unknown {
  if (!(error instanceof AppError) || error.details.length === 0) return error;
  const { kind, code, message, headers, cause } = error;
  const details = error.details.map((detail) => ({ ...detail, pointer: `/imageOptions${detail.pointer ?? ''}` }));
  return new AppError(kind, code, message, { details, headers, cause });
}
