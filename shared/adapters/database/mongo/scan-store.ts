import type { ScanStore } from '../scan-store.ts';
import type { MongoConnection } from './connection.ts';
import { mongoScanDays } from './scan-days.ts';
import { mongoLedger } from './scan-ledger.ts';

export function mongoScans(connection: MongoConnection): ScanStore {
  return { ...mongoLedger(connection), ...mongoScanDays(connection) };
}
