import { connectDatabase } from '../shared/adapters/database/connect-database.ts';
import type { Database } from '../shared/adapters/database/database.ts';
import { connectObjects } from '../shared/adapters/objects/connect-objects.ts';
import type { ObjectStore } from '../shared/adapters/objects/objects.ts';
import { unavailable } from '../shared/errors.ts';
import { ReleaseStack } from '../shared/release-stack.ts';
import type { Service } from '../shared/run-service.ts';
import { untilAvailable } from '../shared/until-available.ts';

/** How long stores may take to come up before the start is given up, and the supervisor tries another. */
const storesWaitMs = 60_000;

/**
 * The stores of an API that listens before they are there.
 *
 * They are released last, although they come last: whoever was there before may still need them.
 */
export class LateStores {
  readonly #held = new ReleaseStack();
  #database: Database | null = null;
  #objects: ObjectStore | null = null;
  #connected = (): void => undefined;

  /** Resolves once the database is connected. */
  readonly databaseThere = new Promise<void>((resolve) => {
    this.#connected = resolve;
  });

  constructor(releases: ReleaseStack) {
    releases.defer('stores', () => this.#held.release());
  }

  /** @throws AppError `unavailable` while it is not connected */
  readonly database = (): Database => {
    if (this.#database === null)
      throw unavailable('database_unavailable', 'The database is not connected yet', undefined, 2);
    return this.#database;
  };

  readonly isThere = (): { database: boolean; objectStore: boolean } => ({
    database: this.#database !== null,
    objectStore: this.#objects !== null,
  });

  /**
   * Connects both, trying again while they are away.
   *
   * @param patient whether to wait as long as it takes: restarting would only interrupt what works without them
   * @throws AppError `unavailable` that names the store when it has not come up within a minute
   */
  async connect(
    service: Service,
    { patient }: { patient: boolean },
  ): Promise<{ database: Database; objects: ObjectStore }> {
    const { config, log } = service;
    const open = <Handle>(name: string, connect: () => Promise<Handle>) =>
      patient ? untilAvailable(name, connect, service) : whenThere(name, connect, service);
    const database = await open('The database', () => connectDatabase(config.database, log));
    this.#held.defer('database', () => database.close());
    this.#database = database;
    this.#connected();
    const objects = await open('The object store', () => connectObjects(config.objects));
    this.#held.defer('object store', () => objects.close());
    this.#objects = objects;
    return { database, objects };
  }
}

/** @throws AppError `unavailable` that names the store when it has not come up in time */
async function whenThere<Handle>(name: string, open: () => Promise<Handle>, service: Service): Promise<Handle> {
  const tooLong = AbortSignal.timeout(storesWaitMs);
  const stopping = AbortSignal.any([service.stopping, tooLong]);
  try {
    return await untilAvailable(name, open, { ...service, stopping });
  } catch (error) {
    if (!tooLong.aborted) throw error;
    const message = `${name} has not answered for ${storesWaitMs / 1000} seconds; see the log for the reason`;
    throw unavailable('store_away_at_start', message, error);
  }
}
