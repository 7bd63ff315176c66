import type { CodeRow } from '../shared/adapters/database/code-store.ts';
import type { ScanRow } from '../shared/adapters/database/scan-store.ts';
import { locationCredit } from '../shared/contract/analytics-answer.ts';
import { writeCursor } from '../shared/contract/lists.ts';
import { parseScanQuery, type ScanQuery } from '../shared/contract/scan-query.ts';
import { chooseScanFormat } from './accept-header.ts';
import { cutPage } from './cut-page.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { streamPages } from './export-scans.ts';
import { findOwnCode } from './find-own-code.ts';
import { linkToNext } from './list-links.ts';
import { readQuery } from './query.ts';
import { createScanView, scanWriters } from './scan-view.ts';

/** So many scans of an export are held at a time. */
const exportPageRows = 1000;

/** An export's lines have no room for the credit (RFC 8288; `via`: where the information comes from). */
const creditLink = `<https://db-ip.com>; rel="via"; title="IP Geolocation by DB-IP"`;

/** The route of `/v1/codes/:id/scans`: the ledger page by page, or all of a range as CSV or NDJSON. */
export function createScanRoutes({ database, config }: Pick<ApiDeps, 'database' | 'config'>) {
  const { codes, scans } = database;

  const readPage = (code: CodeRow, query: ScanQuery, limit: number, after: ScanQuery['after']): Promise<ScanRow[]> => {
    const { order, from, to, filter } = query;
    return scans.list(code.id, { limit, order, from, to, ...filter, after });
  };

  const answerPage = async (ctx: ApiContext, code: CodeRow, query: ScanQuery): Promise<void> => {
    const found = await readPage(code, query, query.limit + 1, query.after);
    const { rows, last } = cutPage(found, query.limit);
    const nextCursor = last && writeCursor({ createdAt: last.at, id: last.id }, { list: code.id, order: query.order });
    const url = `${config.publicUrl}/v1/codes/${code.id}/scans`;
    if (nextCursor !== null) ctx.set('Link', linkToNext(url, readQuery(ctx), nextCursor));
    ctx.body = { data: await createScanView(code, codes)(rows), nextCursor, attribution: locationCredit };
  };

  const answerExport = async (ctx: ApiContext, code: CodeRow, query: ScanQuery, format: 'csv' | 'ndjson') => {
    const { contentType, head, line } = scanWriters[format];
    const view = createScanView(code, codes);
    const lines = async (rows: ScanRow[]): Promise<string> => (await view(rows)).map(line).join('');
    const body = await streamPages(
      (after: ScanRow | null) => readPage(code, query, exportPageRows, after && { at: after.at, id: after.id }),
      exportPageRows,
      { head, lines },
    );
    ctx.set('Content-Type', contentType);
    // A slug is letters, digits and hyphens: nothing to quote.
    ctx.set('Content-Disposition', `attachment; filename="scans-${code.slug}.${format}"`);
    ctx.set('Link', creditLink);
    ctx.body = body;
  };

  return {
    async list(ctx: ApiContext): Promise<void> {
      const code = await findOwnCode(codes, ctx);
      const query = parseScanQuery(readQuery(ctx), chooseScanFormat(ctx.get('Accept')), code.id);
      ctx.set('Cache-Control', 'private, no-store');
      ctx.set('Vary', 'Accept');
      if (query.format === 'json') await answerPage(ctx, code, query);
      else await answerExport(ctx, code, query, query.format);
    },
  };
}
