import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase } from '../../shared/adapters/database/connect-database.ts';
import type { Database } from '../../shared/adapters/database/database.ts';
import type { DatabaseConfig } from '../../shared/config.ts';
import { accessContract } from './database/access-contract.ts';
import { batchContract } from './database/batch-contract.ts';
import { claimsContract } from './database/claims-contract.ts';
import { codesContract } from './database/codes-contract.ts';
import { codeListsContract } from './database/codes-list-contract.ts';
import { codesRaceContract } from './database/codes-race-contract.ts';
import { deliveriesContract } from './database/delivery-contract.ts';
import { modelContract } from './database/model-contract.ts';
import { purgeContract } from './database/purge-contract.ts';
import { raceContract } from './database/race-contract.ts';
import { recordsContract } from './database/record-contract.ts';
import { renderOutboxContract } from './database/render-outbox-contract.ts';
import { newLogo, newRender, noon, renderResult } from './database/rows.ts';
import { ledgerEndContract, scansContract } from './database/scans-contract.ts';
import { scansModelContract } from './database/scans-model-contract.ts';
import { spansContract } from './database/spans-contract.ts';
import { logosContract, rendersContract } from './database/stores-contract.ts';
import { webhooksContract } from './database/webhook-contract.ts';
import { workContract } from './database/work-contract.ts';

export const silent = pino({ level: 'silent' });

/** What both databases promise. `prepare` makes an empty database of the test's own. */
export function databaseSuite(prepare: () => Promise<DatabaseConfig>): void {
  let config: DatabaseConfig;
  let connections: Database[] = [];
  const database = (): Database => connections[0] as Database;

  beforeAll(async () => {
    config = await prepare();
    /* Three at once on an empty database: whoever comes first makes it. */
    connections = await Promise.all([1, 2, 3].map(() => connectDatabase(config, silent)));
  });
  afterAll(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
  });

  workContract('renders', () => database().renders, newRender, renderResult);
  workContract('logos', () => database().logos, newLogo, { widthPx: 400, heightPx: 300 });
  rendersContract(database);
  logosContract(database);
  batchContract(database);
  accessContract(() => connections);
  purgeContract(database);
  claimsContract(() => connections);
  recordsContract(() => connections);
  webhooksContract(database);
  deliveriesContract(database);
  renderOutboxContract(() => connections);
  codesContract(() => connections);
  codesRaceContract(() => connections);
  codeListsContract(database);
  scansContract(database);
  spansContract(database);
  scansModelContract(() => connections);
  modelContract(database);
  raceContract(
    () => config,
    () => connections,
  );

  describe('the beginning of the ledger', () => {
    let own: Database;
    beforeAll(async () => {
      own = await connectDatabase(await prepare(), silent);
    });
    afterAll(() => own.close());
    ledgerEndContract(() => own);
  });

  describe('a connection', () => {
    it('answers a ping', () => database().ping());

    it('ends its writes before it closes, and refuses calls from then on', async () => {
      const connection = await connectDatabase(config, silent);
      const rows = Array.from({ length: 40 }, () => newRender());
      const writes = rows.map((row) => connection.renders.accept([row], noon));
      const closed = connection.close();
      await Promise.all(writes);
      await closed;
      expect(await database().renders.findMany(rows.map(({ id }) => id))).toHaveLength(rows.length);
      const refused = { kind: 'unavailable', code: 'database_unavailable' };
      await expect(connection.renders.find('rnd')).rejects.toMatchObject(refused);
      await expect(connection.renders.accept(rows, noon)).rejects.toMatchObject(refused);
      await expect(connection.ping()).rejects.toMatchObject(refused);
    });
  });
}
