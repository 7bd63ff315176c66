import type { RenderRow } from '../shared/adapters/database/database.ts';
import type { RenderAnswer } from '../shared/contract/render-answer.ts';
import { encodeContent } from '../shared/domain/content/encode-content.ts';
import { contentTypeOf, type RenderSpec, type Warning } from '../shared/domain/render-spec.ts';

/** The path of a render's image below the public URL. */
export function imagePath(id: string): string {
  return `/v1/renders/${id}/image`;
}

function shownSpec({ marginPx, ...spec }: RenderSpec): RenderAnswer['spec'] {
  return marginPx === null ? spec : { ...spec, marginPx };
}

type View = { publicUrl: string; encodedText?: string; warnings?: Warning[] };

/** Shows a render as it stands; `warnings` belong to the answer of the POST that they are about. */
export function renderAnswer(row: RenderRow, { publicUrl, encodedText, warnings = [] }: View): RenderAnswer {
  const { id, status, spec, result } = row;
  return {
    object: 'render',
    id,
    status,
    spec: shownSpec(spec),
    encodedText: encodedText ?? encodeContent(spec.content),
    symbol: result && {
      version: result.version,
      modules: result.modules,
      errorCorrection: result.errorCorrection,
      mask: result.mask,
    },
    image: result && {
      url: `${publicUrl}${imagePath(id)}`,
      contentType: contentTypeOf[spec.format],
      width: spec.size,
      sizeBytes: result.sizeBytes,
      sha256: result.sha256,
    },
    warnings,
    error: row.error,
    createdAt: new Date(row.createdAt).toISOString(),
    completedAt: row.completedAt === null ? null : new Date(row.completedAt).toISOString(),
  };
}
