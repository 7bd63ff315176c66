import type { Log } from '../../../log.ts';
import type { Database } from '../database.ts';
import { mongoKeys, mongoTenants } from './access-stores.ts';
import { mongoAudit } from './audit-store.ts';
import { mongoBatches } from './batch-store.ts';
import { mongoCodes } from './code-store.ts';
import { openMongo } from './connection.ts';
import { mongoDeliveries } from './delivery-store.ts';
import { mongoIdempotency } from './idempotency.ts';
import { mongoScans } from './scan-store.ts';
import { mongoSettings } from './settings.ts';
import { mongoUsage } from './usage-store.ts';
import { mongoScanNotices, mongoWebhooks } from './webhook-stores.ts';
import { mongoLogos, mongoRenders } from './work-stores.ts';

/**
 * Connects to MongoDB (4.4 or newer, or a server that is compatible with it) and makes the indexes that are missing.
 *
 * Writes return when a majority has them in its journal. While MongoDB is away calls fail within a few seconds as AppError
 * `unavailable`, code `database_unavailable`, and work again by themselves when it is back.
 */
export async function connectMongo(url: string, log: Log): Promise<Database> {
  const connection = await openMongo(url, log);
  return {
    renders: mongoRenders(connection),
    scans: mongoScans(connection),
    logos: mongoLogos(connection),
    keys: mongoKeys(connection),
    tenants: mongoTenants(connection),
    audit: mongoAudit(connection),
    usage: mongoUsage(connection),
    idempotency: mongoIdempotency(connection),
    codes: mongoCodes(connection),
    batches: mongoBatches(connection),
    webhooks: mongoWebhooks(connection),
    deliveries: mongoDeliveries(connection),
    scanNotices: mongoScanNotices(connection),
    ...mongoSettings(connection),
    ping: () => connection.ping(),
    close: () => connection.close(),
  };
}
