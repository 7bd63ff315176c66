import { encodeContent } from '../domain/content/encode-content.ts';
import { contentTypeOf, type ErrorCorrectionLevel, type RenderSpec, type Warning } from '../domain/render-spec.ts';
import type { WorkError } from '../errors.ts';
import type { RenderAnswer } from './render-answer.ts';

/** A render's row, as far as it is shown; times in milliseconds. */
type Shown = {
  id: string;
  status: RenderAnswer['status'];
  spec: RenderSpec;
  result: {
    version: number;
    modules: number;
    errorCorrection: ErrorCorrectionLevel;
    mask: number;
    sizeBytes: number;
    sha256: string;
  } | null;
  error: WorkError | null;
  createdAt: number;
  completedAt: number | null;
};

/** The path of a render's image below the public URL. */
export function imagePath(id: string): string {
  return `/v1/renders/${id}/image`;
}

function shownSpec({ marginPx, ...spec }: RenderSpec): RenderAnswer['spec'] {
  return marginPx === null ? spec : { ...spec, marginPx };
}

type View = { publicUrl: string; encodedText?: string; warnings?: Warning[] };

/** Shows a render as it stands; `warnings` belong to the answer of the POST that they are about. */
export function renderAnswer(row: Shown, { publicUrl, encodedText, warnings = [] }: View): RenderAnswer {
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
