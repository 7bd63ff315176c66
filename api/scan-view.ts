import type { CodeRow, CodeStore } from '../shared/adapters/database/code-store.ts';
import type { ScanRow } from '../shared/adapters/database/scan-store.ts';
import type { ScanAnswer } from '../shared/contract/scan-answer.ts';
import { csvLine } from '../shared/domain/csv-line.ts';

function scanAnswer(row: ScanRow, targets: ReadonlyMap<number, string>): ScanAnswer {
  return {
    object: 'scan',
    id: row.id,
    at: new Date(row.at).toISOString(),
    codeId: row.codeId,
    version: row.version,
    target: row.version === null ? row.fallbackTarget : (targets.get(row.version) ?? null),
    source: row.source,
    country: row.country,
    city: row.city,
    device: row.device,
    system: row.system,
    browser: row.browser,
    referrer: row.referrer,
    language: row.language,
    bot: row.bot,
  };
}

/**
 * Shows scans of one code page by page, each with the target that it was sent to. Targets are remembered from one page to the next
 * only: a code may have had any number of them.
 */
export function createScanView(code: CodeRow, codes: Pick<CodeStore, 'findTargets'>) {
  let known = new Map([[code.current.version, code.current.target]]);

  return async (rows: readonly ScanRow[]): Promise<ScanAnswer[]> => {
    const versions = new Set(rows.flatMap(({ version }) => (version === null ? [] : [version])));
    const unknown = [...versions].filter((version) => !known.has(version));
    const found = unknown.length === 0 ? [] : await codes.findTargets(code.id, unknown);
    known = new Map([
      ...[...known].filter(([version]) => versions.has(version)),
      ...found.map(({ version, target }) => [version, target] as const),
    ]);
    return rows.map((row) => scanAnswer(row, known));
  };
}

/** The columns of an export as CSV: the fields of a scan but `object`, in their order. */
const columns = [
  'id',
  'at',
  'codeId',
  'version',
  'target',
  'source',
  'country',
  'city',
  'device',
  'system',
  'browser',
  'referrer',
  'language',
  'bot',
] as const satisfies readonly Exclude<keyof ScanAnswer, 'object'>[];

type Writer = { contentType: string; head: string; line: (scan: ScanAnswer) => string };

/** How exports are written. */
export const scanWriters: Record<'csv' | 'ndjson', Writer> = {
  csv: {
    contentType: 'text/csv; charset=utf-8',
    head: csvLine(columns),
    line: (scan) => csvLine(columns.map((name) => scan[name])),
  },
  ndjson: { contentType: 'application/x-ndjson', head: '', line: (scan) => `${JSON.stringify(scan)}\n` },
};
