import type { Log } from '../../../log.ts';
import type { Database, KeyStore } from '../database.ts';
import { mongoBatches } from './batch-store.ts';
import { mongoCodes } from './code-store.ts';
import { rowOf, storedOf } from './collections.ts';
import { type MongoConnection, openMongo } from './connection.ts';
import { mongoDeliveries } from './delivery-store.ts';
import { mongoIdempotency } from './idempotency.ts';
import { isDuplicateKey } from './mongo-error.ts';
import { mongoScans } from './scan-store.ts';
import { mongoSettings } from './settings.ts';
import { mongoScanNotices, mongoWebhooks } from './webhook-stores.ts';
import { mongoLogos, mongoRenders } from './work-stores.ts';

function mongoKeys(connection: MongoConnection): KeyStore {
  const { keys } = connection.collections;
  return {
    /** Index: `by_hash`. */
    findByHash: (hash) =>
      connection.run(async () => {
        const document = await keys.findOne({ hash });
        return document === null ? null : rowOf(document);
      }),
    put: (key) =>
      connection.run(async () => {
        const { _id, ...rest } = storedOf(key);
        try {
          await keys.replaceOne({ _id }, rest, { upsert: true });
        } catch (error) {
          /* Two upserts of a new key at once: one of them meets the other's document, which it may replace now. */
          if (!isDuplicateKey(error)) throw error;
          await keys.replaceOne({ _id }, rest, { upsert: true });
        }
      }),
  };
}

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
