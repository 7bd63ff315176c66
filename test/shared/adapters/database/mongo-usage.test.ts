import mongoose from 'mongoose';
import { expect, it, vi } from 'vitest';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import { silent } from '../../../suites/database.ts';
import { mongoDatabase } from '../../../support/mongo-database.ts';
import { describeOn, servers } from '../../../support/servers.ts';

describeOn('Usage that MongoDB stores in part', servers.mongo, (serverUrl) => {
  it('is answered with the days that were not added, so that nothing is added twice', async () => {
    const { usage, close } = await connectDatabase({ mongoUrl: mongoDatabase(serverUrl), dataDir: '/nowhere' }, silent);
    const counts = { calls: 1, renders: 2, batchRows: 0, codes: 0 };
    const days = ['a', 'b', 'c'].map((tenantId) => ({ tenantId, day: '2026-11-23', ...counts }));
    const { updateOne } = mongoose.mongo.Collection.prototype;
    const spy = vi.spyOn(mongoose.mongo.Collection.prototype, 'updateOne').mockImplementation(function (
      this: mongoose.mongo.Collection,
      ...call
    ) {
      if (spy.mock.calls.length === 2) return Promise.reject(new mongoose.mongo.MongoNetworkError('cut'));
      return updateOne.apply(this, call);
    });
    const { left, err } = await usage.add(days);
    spy.mockRestore();
    expect([left, err]).toMatchObject([days.slice(1), { kind: 'unavailable' }]);
    expect(await usage.add(left)).toEqual({ left: [], err: null });
    for (const day of days) expect(await usage.find(day.tenantId, day.day)).toEqual(day);
    await close();
  });
});
