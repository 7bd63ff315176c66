import { unavailable } from '../../../errors.ts';
import type { Database } from '../database.ts';
import { behindPrefix } from '../prefix.ts';
import type { MongoConnection } from './connection.ts';
import { isDuplicateKey } from './mongo-error.ts';

const maxRounds = 20;

type Settings = Pick<Database, 'claimSetting' | 'listSettings' | 'removeSettings'>;

/** Every query here finds its documents by `_id`. */
export function mongoSettings(connection: MongoConnection): Settings {
  const { settings } = connection.collections;
  const run = connection.run.bind(connection);

  const insert = async (name: string, value: string): Promise<boolean> => {
    try {
      await settings.insertOne({ _id: name, value });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  };

  return {
    claimSetting: (name, value) =>
      run(async () => {
        for (let round = 0; round < maxRounds; round++) {
          if (await insert(name, value)) return value;
          const found = await settings.findOne({ _id: name });
          /* Else it was removed since the insert met it. */
          if (found !== null) return found.value;
        }
        throw unavailable('database_unavailable', `A setting came and went in ${maxRounds} tries to claim it`);
      }),
    listSettings: (prefix) =>
      run(async () => {
        const filter = { _id: { $gte: prefix, $lt: behindPrefix(prefix) } };
        const found = await settings.find(filter).sort({ _id: 1 }).toArray();
        return found.map(({ _id, value }) => ({ name: _id, value }));
      }),
    removeSettings: (names) =>
      run(async () => {
        await settings.deleteMany({ _id: { $in: names } });
      }),
  };
}
