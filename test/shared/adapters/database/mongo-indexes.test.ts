import mongoose from 'mongoose';
import { expect, it } from 'vitest';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import { indexes } from '../../../../shared/adapters/database/mongo/collections.ts';
import { silent } from '../../../suites/database.ts';
import { mongoDatabase } from '../../../support/mongo-database.ts';
import { describeOn, servers } from '../../../support/servers.ts';

/* Which query each is for: the tests beside this one. */
describeOn('The indexes in MongoDB', servers.mongo, (serverUrl) => {
  it('are all on the server, and no others', async () => {
    const url = mongoDatabase(serverUrl);
    const database = await connectDatabase({ mongoUrl: url, dataDir: '/nowhere' }, silent);
    const connection = mongoose.connections.find(({ name }) => url.endsWith(name));
    for (const [name, known] of Object.entries(indexes)) {
      const onServer = (await connection?.db?.collection(name).indexes()) ?? [];
      const names = onServer.map((index) => index.name).filter((index) => !index?.startsWith('_id'));
      expect(names.sort()).toEqual(known.map((index) => index.name).sort());
    }
    await database.close();
  });
});
