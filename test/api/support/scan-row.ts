import type { ScanRow } from '../../../shared/adapters/database/scan-store.ts';

let counter = 0;

/** A scan's row as a test wants it: a human in Germany, of the first target. */
export function scanRow(at: string | number, more: Partial<ScanRow> & { codeId: string }): ScanRow {
  counter++;
  return {
    id: `scn_${String(counter).padStart(20, '0')}`,
    tenantId: 'default',
    at: typeof at === 'number' ? at : Date.parse(at),
    version: 1,
    fallbackTarget: null,
    source: 'qr',
    country: 'DE',
    city: null,
    visitor: null,
    device: 'mobile',
    system: 'iOS',
    browser: 'Safari',
    referrer: null,
    language: 'de',
    bot: false,
    ...more,
  };
}
