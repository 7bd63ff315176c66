import type { RenderRow } from '../shared/adapters/database/database.ts';
import { AppError } from '../shared/errors.ts';

/** The problem that a failed render is told as, where bytes were asked for. */
export function failedRender({ error }: RenderRow): AppError {
  const { code, detail, pointer } = error ?? {
    code: 'render_cancelled',
    detail: 'The render was cancelled',
    pointer: null,
  };
  return new AppError('invalid', code, detail, {
    details: pointer === null ? [] : [{ in: 'body', pointer, name: null, code, detail, received: null }],
  });
}
