import { describe } from 'vitest';
import { databaseSuite } from '../../../suites/database.ts';
import { temporaryFolder } from '../../../support/servers.ts';

describe('SQLite', () => {
  databaseSuite(async () => ({ mongoUrl: null, dataDir: await temporaryFolder() }));
});
