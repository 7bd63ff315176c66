import { databaseSuite } from '../../../suites/database.ts';
import { mongoDatabase } from '../../../support/mongo-database.ts';
import { describeOn, servers } from '../../../support/servers.ts';

describeOn('MongoDB', servers.mongo, (mongoUrl) => {
  databaseSuite(async () => ({ mongoUrl: mongoDatabase(mongoUrl), dataDir: '/nowhere' }));
});
