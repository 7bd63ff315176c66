import { join } from 'node:path';
import Libsql from 'libsql';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import { migrations } from '../../../../shared/adapters/database/sqlite/schema.ts';
import { temporaryFolder } from '../../../support/servers.ts';

const silent = pino({ level: 'silent' });
const versions = migrations.map((_, index) => index + 1);

/** Makes the file of an earlier version, with a finished render and a key in it. */
async function folderOfVersion(version: number): Promise<string> {
  const dataDir = await temporaryFolder();
  const file = new Libsql(join(dataDir, 'qrfactory.db'));
  for (const migration of migrations.slice(0, version)) file.exec(migration);
  file.exec(`
    pragma user_version = ${version};
    insert into keys (id, tenantId, name, role, hash, createdAt) values ('key_a', 'default', 'first', 'operator', 'cafe', 1000);
    insert into renders (id, tenantId, spec, rendererVersion, status, jobId, suspect, starts, createdAt, queuedAt, lastUsedAt)
    values ('rnd_a', 'default', '{"format":"png"}', 1, 'queued', 'r-1', 0, 0, 1000, 1000, 1000);
  `);
  file.close();
  return dataDir;
}

function schemaOf(dataDir: string): unknown[] {
  const file = new Libsql(join(dataDir, 'qrfactory.db'));
  try {
    return file.prepare('select type, name, sql from sqlite_master order by type, name').all();
  } finally {
    file.close();
  }
}

describe('A SQLite file of an earlier version', () => {
  it.each(versions)('%i has the tables of a new one once it was opened, and keeps what was in it', async (version) => {
    const dataDir = await folderOfVersion(version);
    const database = await connectDatabase({ mongoUrl: null, dataDir }, silent);
    expect(await database.keys.findByHash('cafe')).toMatchObject({ id: 'key_a', role: 'operator', createdAt: 1000 });
    expect(await database.renders.find('rnd_a')).toMatchObject({ status: 'queued', spec: { format: 'png' } });
    await database.close();

    const fresh = await temporaryFolder();
    await (await connectDatabase({ mongoUrl: null, dataDir: fresh }, silent)).close();
    expect(schemaOf(dataDir)).toEqual(schemaOf(fresh));
  });
});
