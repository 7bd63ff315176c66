import mongoose from 'mongoose';
import { AppError, unavailable } from '../../../errors.ts';
import type { Log } from '../../../log.ts';
import { CallsInHand } from '../calls-in-hand.ts';
import { type Collections, ensureIndexes } from './collections.ts';
import { databaseError } from './mongo-error.ts';

const tries = 3;

/** A server that was cut off or froze fails calls within these times; the driver reconnects by itself. */
const options = {
  serverSelectionTimeoutMS: 2000,
  connectTimeoutMS: 2000,
  socketTimeoutMS: 4000,
  waitQueueTimeoutMS: 4000,
  maxPoolSize: 32,
  heartbeatFrequencyMS: 2000,
  writeConcern: { w: 'majority', journal: true },
  autoIndex: false,
  autoCreate: false,
  bufferCommands: false,
  ignoreUndefined: true,
} as const satisfies mongoose.ConnectOptions;

/** The database that the URL names, else `qrfactory` (MongoDB's own default is `test`). */
function databaseName(url: string): string {
  return /^mongodb(?:\+srv)?:\/\/[^/]+\/([^/?]+)/.exec(url)?.[1] ?? 'qrfactory';
}

/**
 * A process's way to MongoDB.
 *
 * Documents go through the collections of the driver below mongoose: rows are checked by their types and, where they come
 * from outside, by schemas at the edge; casting each again into a model would double the cost of a group of writes.
 */
export class MongoConnection {
  readonly collections: Collections;
  readonly #connection: mongoose.Connection;
  readonly #db: mongoose.mongo.Db;
  readonly #inHand = new CallsInHand();

  constructor(connection: mongoose.Connection, db: mongoose.mongo.Db) {
    this.#connection = connection;
    this.#db = db;
    this.collections = {
      renders: db.collection('renders'),
      logos: db.collection('logos'),
      keys: db.collection('keys'),
      tenants: db.collection('tenants'),
      audit: db.collection('audit'),
      usage: db.collection('usage'),
      idempotency: db.collection('idempotency'),
      webhooks: db.collection('webhooks'),
      callbackSecrets: db.collection('callbackSecrets'),
      deliveries: db.collection('deliveries'),
      scanNotices: db.collection('scanNotices'),
      settings: db.collection('settings'),
      scans: db.collection('scans'),
      scan_marks: db.collection('scan_marks'),
      scan_segments: db.collection('scan_segments'),
      scan_days: db.collection('scan_days'),
      tenant_scan_days: db.collection('tenant_scan_days'),
      scan_spans: db.collection('scan_spans'),
      codes: db.collection('codes'),
      codeTargets: db.collection('codeTargets'),
      batches: db.collection('batches'),
      batchRows: db.collection('batchRows'),
      batchChunks: db.collection('batchChunks'),
      batchTasks: db.collection('batchTasks'),
    };
  }

  /** Runs `call`; MongoDB being away is AppError `unavailable`. */
  run<Result>(call: () => Promise<Result>): Promise<Result> {
    return this.#inHand.run(async () => {
      try {
        return await call();
      } catch (error) {
        throw databaseError(error);
      }
    });
  }

  async ping(): Promise<void> {
    await this.run(() => this.#db.command({ ping: 1 }));
  }

  async close(): Promise<void> {
    await this.#inHand.finish();
    await this.#connection.close();
  }
}

async function connectOnce(url: string): Promise<MongoConnection> {
  const connection = mongoose.createConnection(url, { ...options, dbName: databaseName(url) });
  try {
    await connection.asPromise();
    const { db } = connection;
    if (!db) throw new Error('mongoose is connected and has no database');
    await ensureIndexes(db);
    return new MongoConnection(connection, db);
  } catch (error) {
    await connection.destroy();
    throw error instanceof mongoose.Error.MongooseServerSelectionError
      ? unavailable('database_unavailable', (error as Error).message, error)
      : databaseError(error);
  }
}

/**
 * Connects to MongoDB and makes the indexes that are missing.
 *
 * @throws AppError `unavailable` when it does not answer in three tries of about two seconds each; another error at once.
 */
export async function openMongo(url: string, log: Log): Promise<MongoConnection> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await connectOnce(url);
    } catch (error) {
      const away = error instanceof AppError && error.kind === 'unavailable';
      if (!away || attempt === tries) throw error;
      log.warn({ err: error, attempt, tries }, 'MongoDB not reached, trying again');
    }
  }
}
