import mongoose from 'mongoose';
import { expect, it } from 'vitest';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import { newCode } from '../../../suites/database/code-rows.ts';
import { silent } from '../../../suites/database.ts';
import { mongoDatabase } from '../../../support/mongo-database.ts';
import { describeOn, servers } from '../../../support/servers.ts';

describeOn(
  'A slug that was claimed in MongoDB by a process that died before it made the code',
  servers.mongo,
  (serverUrl) => {
    it('is kept for that code, which the same insert makes later, and for no other', async () => {
      const mongoUrl = mongoDatabase(serverUrl);
      const { codes, close } = await connectDatabase({ mongoUrl, dataDir: '/nowhere' }, silent);
      const [code, other] = [newCode(), newCode()];
      const connection = await mongoose.createConnection(mongoUrl).asPromise();
      await connection.db
        ?.collection<{ _id: string; codeId: string }>('slugs')
        .insertOne({ _id: code.slug, codeId: code.id });
      await connection.close();

      expect(await codes.findBySlug(code.slug)).toBeNull();
      expect(await codes.insert([newCode({ slug: code.slug }), other])).toEqual(['slug-taken', 'inserted']);
      expect(await codes.insert([code])).toEqual(['inserted']);
      expect(await codes.findBySlug(code.slug)).toEqual(code);
      await close();
    });
  },
);
