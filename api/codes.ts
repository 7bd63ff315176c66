import type { CodeRow, TargetVersion } from '../shared/adapters/database/code-store.ts';
import { parseCodeList, parseHistoryQuery, writeCodeCursor, writeHistoryCursor } from '../shared/contract/code-list.ts';
import { type CodeRules, parseCodePatch, parseCodeRequest, parseRollback } from '../shared/contract/code-request.ts';
import { isJsonObject } from '../shared/domain/merge-patch.ts';
import { targetProblem } from '../shared/domain/target-rules.ts';
import { AppError } from '../shared/errors.ts';
import type { AcceptRenders } from './accept-renders.ts';
import { assertNotArchived, createChangeCode } from './change-code.ts';
import { type Author, changedRow, retargeted } from './code-rows.ts';
import { settleOptions } from './code-symbol.ts';
import { codeAnswer, codeEtag, historyAnswer } from './code-view.ts';
import { createCreateCode, fingerprinted } from './create-code.ts';
import { cutPage } from './cut-page.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { findOwnCode } from './find-own-code.ts';
import { linkToNext } from './list-links.ts';
import { idempotently } from './middleware/idempotency.ts';
import { readJsonWithLogo } from './middleware/read-json.ts';
import { readQuery } from './query.ts';
import { matchesEtag } from './serve-image.ts';

type Needs = { deps: ApiDeps; acceptRenders: AcceptRenders };

/** The routes of `/v1/codes` but for image and scans. */
export function createCodeRoutes({ deps, acceptRenders }: Needs) {
  const { config, database, now } = deps;
  const { publicUrl, shortUrl, targetDeny, limits } = config;
  const { codes } = database;
  const change = createChangeCode(deps);
  const { idOf, create } = createCreateCode({ deps, acceptRenders });

  /** @param shortOrigin of the code that is to lead there, if it is made already */
  const rulesFor = (shortOrigin = shortUrl): CodeRules => ({
    targets: { ownUrls: [...new Set([publicUrl, shortUrl, shortOrigin, ...config.shortOrigins])], denied: targetDeny },
    logoBytes: limits.logoBytes,
    now: now(),
  });

  const answer = (ctx: ApiContext, row: CodeRow, status: 200 | 201 = 200): void => {
    ctx.status = status;
    ctx.set(status === 201 ? 'Location' : 'Content-Location', `${publicUrl}/v1/codes/${row.id}`);
    const shown = codeAnswer(row, { publicUrl, now: now() });
    ctx.set('ETag', codeEtag(row, shown));
    ctx.set('Cache-Control', 'private, no-store');
    ctx.body = shown;
  };

  const answerList = (ctx: ApiContext, path: string, data: unknown[], nextCursor: string | null): void => {
    if (nextCursor !== null) ctx.set('Link', linkToNext(`${publicUrl}${path}`, readQuery(ctx), nextCursor));
    ctx.set('Cache-Control', 'private, no-store');
    ctx.body = { data, nextCursor };
  };

  const readBody = (ctx: ApiContext): Promise<unknown> =>
    readJsonWithLogo(ctx, limits, (body) => (isJsonObject(body) ? body.imageOptions : null));

  const roll = (ctx: ApiContext, version: number): Promise<CodeRow> =>
    change(ctx, async (row) => {
      assertNotArchived(row);
      if (version === row.current.version) return row;
      const [earlier] = await codes.findTargets(row.id, [version]);
      if (!earlier) throw unknownVersion(version, row.current);
      const problem = targetProblem(earlier.target, rulesFor(row.shortOrigin).targets);
      if (problem) throw refusedTarget(earlier, problem.accepted);
      return retargeted(row, earlier.target, authorOf(ctx, now()));
    });

  return {
    async create(ctx: ApiContext): Promise<void> {
      const requested = parseCodeRequest(await readBody(ctx), rulesFor());
      const resourceId = idOf(ctx, requested);
      const request = { route: 'POST /v1/codes', fields: fingerprinted(requested), resourceId };
      await idempotently(deps, ctx, request, {
        first: async (id) => answer(ctx, await create(ctx, id, requested, authorOf(ctx, now()).keyId), 201),
        again: async (id) => {
          const row = await codes.find(id);
          if (row === null) throw new Error(`The code ${id} was answered and is not found`);
          answer(ctx, row, 201);
        },
      });
    },

    async list(ctx: ApiContext): Promise<void> {
      const request = parseCodeList(readQuery(ctx));
      const at = now();
      const found = await codes.list(ctx.state.tenantId, { ...request, limit: request.limit + 1, now: at });
      const { rows, last } = cutPage(found, request.limit);
      const nextCursor = last && writeCodeCursor(request, { value: last[request.sort], id: last.id });
      const data = rows.map((row) => codeAnswer(row, { publicUrl, now: at }));
      answerList(ctx, '/v1/codes', data, nextCursor);
    },

    async show(ctx: ApiContext): Promise<void> {
      answer(ctx, await findOwnCode(codes, ctx));
      if (!matchesEtag(ctx.get('If-None-Match'), ctx.response.get('ETag'))) return;
      ctx.body = null;
      ctx.status = 304;
    },

    async change(ctx: ApiContext): Promise<void> {
      const body = await readBody(ctx);
      const row = await change(ctx, async (row) => {
        assertNotArchived(row);
        const changes = parseCodePatch(body, row, rulesFor(row.shortOrigin));
        const { imageOptions } = changes;
        const settled = imageOptions ? await settleOptions(acceptRenders, ctx, row, imageOptions) : row.imageOptions;
        return changedRow(row, changes, settled, authorOf(ctx, now()));
      });
      answer(ctx, row);
    },

    async remove(ctx: ApiContext): Promise<void> {
      const row = await change(ctx, (row) => ({ ...row, archivedAt: row.archivedAt ?? now() }));
      ctx.set('ETag', codeEtag(row, codeAnswer(row, { publicUrl, now: now() })));
      ctx.status = 204;
    },

    async restore(ctx: ApiContext): Promise<void> {
      answer(ctx, await change(ctx, (row) => ({ ...row, archivedAt: null })));
    },

    async history(ctx: ApiContext): Promise<void> {
      const row = await findOwnCode(codes, ctx);
      const { limit, before } = parseHistoryQuery(readQuery(ctx), row.id);
      const found = await codes.history(row, { limit: limit + 1, before: before?.version ?? null });
      const { rows, last } = cutPage(found, limit);
      const nextCursor = last && writeHistoryCursor(last, row.id);
      answerList(ctx, `/v1/codes/${row.id}/history`, historyAnswer(rows, before?.from ?? null), nextCursor);
    },

    async rollback(ctx: ApiContext): Promise<void> {
      const { version } = parseRollback(await readBody(ctx));
      const { id } = await findOwnCode(codes, ctx);
      const request = { route: 'POST /v1/codes/:id/rollback', fields: { id, version }, resourceId: id };
      await idempotently(deps, ctx, request, {
        first: async () => answer(ctx, await roll(ctx, version)),
        again: async () => answer(ctx, await findOwnCode(codes, ctx)),
      });
    },
  };
}

/** Every route here asks for a key. */
function authorOf(ctx: ApiContext, now: number): Author {
  const { key } = ctx.state;
  if (key === null) throw new TypeError('A code was to be changed without a key');
  return { keyId: key.id, now };
}

function unknownVersion(version: number, current: TargetVersion): AppError {
  const detail = `version must be one of the code's history, 1 to ${current.version}; ${version} came`;
  return wrongVersion('unknown_version', detail, version);
}

function refusedTarget({ version }: TargetVersion, accepted: string): AppError {
  const detail = `version ${version} led to a target that is no longer accepted: it must be ${accepted}`;
  return wrongVersion('target_refused', detail, version);
}

function wrongVersion(code: string, detail: string, version: number): AppError {
  return new AppError('invalid', 'invalid_request', detail, {
    details: [{ in: 'body', pointer: '/version', name: null, code, detail, received: String(version) }],
  });
}
