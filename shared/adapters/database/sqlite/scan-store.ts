import type { ScanStore } from '../scan-store.ts';
import type { SqliteConnection } from './connection.ts';
import { sqliteScanDays } from './scan-days.ts';
import { sqliteLedger } from './scan-ledger.ts';

export function sqliteScans(connection: SqliteConnection): ScanStore {
  return { ...sqliteLedger(connection), ...sqliteScanDays(connection) };
}
