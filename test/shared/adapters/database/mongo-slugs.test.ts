import mongoose from 'mongoose';
import { expect, it, vi } from 'vitest';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import { newCode } from '../../../suites/database/code-rows.ts';
import { silent } from '../../../suites/database.ts';
import { mongoDatabase } from '../../../support/mongo-database.ts';
import { describeOn, servers } from '../../../support/servers.ts';

describeOn('A slug in MongoDB', servers.mongo, (serverUrl) => {
  it('is free again when the insert of its code failed, and is given once when the first writer comes late', async () => {
    const { codes, close } = await connectDatabase({ mongoUrl: mongoDatabase(serverUrl), dataDir: '/nowhere' }, silent);
    const [code, other] = [newCode(), newCode()];
    const again = newCode({ slug: code.slug });
    const { bulkWrite } = mongoose.mongo.Collection.prototype;
    const spy = vi.spyOn(mongoose.mongo.Collection.prototype, 'bulkWrite').mockImplementation(function (
      this: mongoose.mongo.Collection,
      ...call
    ) {
      if (this.collectionName === 'codes') return Promise.reject(new mongoose.mongo.MongoNetworkError('cut'));
      return bulkWrite.apply(this, call);
    });
    await expect(codes.insert([code])).rejects.toMatchObject({ kind: 'unavailable' });
    spy.mockRestore();

    expect(await codes.insert([again, other])).toEqual(['inserted', 'inserted']);
    expect(await codes.insert([code, again])).toEqual(['slug-taken', 'exists']);
    expect(await codes.findBySlug(code.slug)).toEqual(again);
    expect(await codes.find(code.id)).toBeNull();
    await close();
  });

  it('stays once in a database of before, which has an index of slugs that lets all through', async () => {
    const mongoUrl = mongoDatabase(serverUrl);
    const connection = await mongoose.createConnection(mongoUrl).asPromise();
    await connection.db?.collection('codes').createIndex({ slug: 1 }, { name: 'by_slug' });
    await connection.close();
    const { codes, close } = await connectDatabase({ mongoUrl, dataDir: '/nowhere' }, silent);
    const code = newCode();
    expect(await codes.insert([code])).toEqual(['inserted']);
    expect(await codes.insert([newCode({ slug: code.slug })])).toEqual(['slug-taken']);
    await close();
  });
});
