import type { RenderSpec } from '../../shared/domain/render-spec.ts';
import type { AppError } from '../../shared/errors.ts';

/** Takes every nearest value that a refusal names, as a person would who reads it. */
export function withNearestValues(spec: RenderSpec, refusal: AppError): RenderSpec {
  const better: RenderSpec = structuredClone(spec);
  for (const { code, detail } of refusal.details) {
    const value = (pattern: RegExp): string | null => pattern.exec(detail)?.[1] ?? null;
    if (code === 'contrast_too_low' || code === 'inverted_colours') {
      const works = detail.slice(detail.indexOf('Nearest that works:'));
      better.foreground = (/foreground (#[0-9a-f]{6})/.exec(works)?.[1] ?? better.foreground) as typeof spec.foreground;
      better.background = (/background (#[0-9a-f]{6})/.exec(works)?.[1] ?? better.background) as typeof spec.background;
    } else if (code === 'modules_too_small') {
      better.size = Number(value(/Smallest size that works: (\d+)\./) ?? value(/with size (\d+) the largest margin/));
      const marginPx = value(/largest margin that works is (\d+) px/);
      if (marginPx !== null) better.marginPx = Number(marginPx);
    } else if (code === 'modules_on_reader_blocks') {
      better.size = Number(value(/Nearest size that works: (\d+)\./));
    } else if (code === 'logo_over_budget' && better.logo !== null) {
      better.logo.ratio = Number(value(/Largest ratio that works: (0\.\d+)\./));
    } else if (code === 'content_too_long') {
      const level = value(/Highest level that holds all of it: ([LMQH])\./);
      const bytes = value(/the first (\d+) bytes fit at error correction/);
      if (level !== null) better.errorCorrection = level as typeof spec.errorCorrection;
      else better.content = { type: 'text', text: firstBytes(spec.content, Number(bytes)) };
    } else throw new Error(`No nearest value is known for ${code}: ${detail}`);
  }
  return better;
}

function firstBytes(content: RenderSpec['content'], bytes: number): string {
  if (content.type !== 'text') throw new Error('Only a text can be cut anywhere');
  return Buffer.from(content.text).subarray(0, bytes).toString();
}
