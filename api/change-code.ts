import type { CodeRow } from '../shared/adapters/database/code-store.ts';
import type { CodeAnswer } from '../shared/contract/code-answer.ts';
import { canonicalJson } from '../shared/domain/identity.ts';
import { AppError, shortened, unavailable } from '../shared/errors.ts';
import { codeAnswer, codeEtag, isCurrentTag } from './code-view.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { findOwnCode } from './find-own-code.ts';
import { noteChange } from './middleware/audit.ts';

/** So often a change is tried anew that others came before. */
const mostTries = 50;

/**
 * Refuses a change of a code that is no longer what the caller believes it to be (`If-Match`, RFC 9110, section 13.1.1); scans since
 * then don't count.
 *
 * @throws AppError `precondition` with the entity tag of the code as it stands
 */
function assertIfMatch(ctx: ApiContext, row: CodeRow, shown: CodeAnswer): void {
  if (ctx.req.headers['if-match'] === undefined) return;
  const header = ctx.get('If-Match');
  if (header.split(',').some((tag) => tag.trim() === '*' || isCurrentTag(tag.trim(), row))) return;
  const etag = codeEtag(row, shown);
  const isTags = /^\s*"[^"]*"(?:\s*,\s*"[^"]*")*\s*$/.test(header);
  const detail = isTags
    ? `The code has changed since: its ETag is ${etag} now; read it again and decide anew`
    : `If-Match must be the code's ETag in its quotes, ${etag} now, or *; "${shortened(header)}" came`;
  throw new AppError('precondition', 'precondition_failed', detail, {
    details: [{ in: 'header', pointer: null, name: 'If-Match', code: 'stale', detail, received: shortened(header) }],
    headers: { ETag: etag },
  });
}

/** Refuses to change an archived code. @throws AppError `conflict` */
export function assertNotArchived({ id, archivedAt }: CodeRow): void {
  if (archivedAt === null) return;
  const message = `The code is archived; bring it back first with POST /v1/codes/${id}/restore`;
  throw new AppError('conflict', 'code_archived', message);
}

/** What a code is to become; a row that is equal changes nothing. */
export type Change = (row: CodeRow) => CodeRow | Promise<CodeRow>;

type Needs = Pick<ApiDeps, 'config' | 'database' | 'now' | 'codeChanged'>;

/**
 * Changes the code that the path names, by reading it, computing what it becomes, and replacing it if nobody else did in
 * between; else once more. Answers the code as it stands then; durable when it returns.
 */
export function createChangeCode({ config, database, now, codeChanged }: Needs) {
  const { codes } = database;
  const shown = (row: CodeRow) => codeAnswer(row, { publicUrl: config.publicUrl, now: now() });
  return async (ctx: ApiContext, change: Change): Promise<CodeRow> => {
    for (let tries = 0; tries < mostTries; tries++) {
      const row = await findOwnCode(codes, ctx);
      assertIfMatch(ctx, row, shown(row));
      const changed = await change(row);
      if (canonicalJson(changed) === canonicalJson(row)) {
        noteChange(ctx, null);
        return row;
      }
      const next = { ...changed, revision: row.revision + 1, updatedAt: Math.max(now(), row.updatedAt) };
      if (await codes.replace(next)) {
        codeChanged(next);
        noteChange(ctx, { before: shown(row), after: shown(next) });
        return next;
      }
    }
    throw unavailable('code_contended', `The code was changed by others ${mostTries} times meanwhile; try again`);
  };
}
