import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { connectDatabase, connectExistingDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import { temporaryFolder } from '../../../support/servers.ts';

const log = pino({ level: 'silent' });

describe('the file of the embedded database', () => {
  it('is made by a service only: for a tool, a folder without one is a mistake in the configuration', async () => {
    const dataDir = await temporaryFolder();
    const place = { mongoUrl: null, dataDir };
    await expect(connectExistingDatabase(place, log)).rejects.toMatchObject({
      problems: [{ variable: 'DATA_DIR', value: dataDir }],
    });
    expect(await readdir(dataDir)).toEqual([]);
    await (await connectDatabase(place, log)).close();
    await (await connectExistingDatabase(place, log)).close();
  });

  it('is for its owner only, and so is what lies beside it while it is open; one of an earlier version becomes so', async () => {
    const dataDir = await temporaryFolder();
    const modes = async () =>
      Promise.all(
        (await readdir(dataDir))
          .filter((name) => /^qrfactory\.db(-wal|-shm)?$/.test(name))
          .map(async (name) => [name, ((await stat(join(dataDir, name))).mode & 0o777).toString(8)]),
      );
    const first = await connectDatabase({ mongoUrl: null, dataDir }, log);
    await first.claimSetting('name', 'value');
    const closed = [
      ['qrfactory.db', '600'],
      ['qrfactory.db-shm', '600'],
      ['qrfactory.db-wal', '600'],
    ];
    expect((await modes()).sort()).toEqual(closed);
    for (const [name] of closed) await chmod(join(dataDir, String(name)), 0o644);
    const second = await connectDatabase({ mongoUrl: null, dataDir }, log);
    expect((await modes()).sort()).toEqual(closed);
    await Promise.all([first.close(), second.close()]);
  });
});
