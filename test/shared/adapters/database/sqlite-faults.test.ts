import { once } from 'node:events';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Libsql from 'libsql';
import { expect, it } from 'vitest';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import type { Database } from '../../../../shared/adapters/database/database.ts';
import { databaseError } from '../../../../shared/adapters/database/sqlite/sqlite-error.ts';
import { DatabaseThread } from '../../../../shared/adapters/database/sqlite/thread.ts';
import { newRender, noon, renderResult } from '../../../suites/database/rows.ts';
import { silent } from '../../../suites/database.ts';
import { startDatabaseProcess } from '../../../support/database-processes.ts';
import { temporaryFolder } from '../../../support/servers.ts';

const away = { kind: 'unavailable', code: 'database_unavailable' };

async function withDatabase<Result>(dataDir: string, use: (database: Database) => Promise<Result>): Promise<Result> {
  const database = await connectDatabase({ mongoUrl: null, dataDir }, silent);
  try {
    return await use(database);
  } finally {
    await database.close();
  }
}

/** What SQLite itself says of the file. */
function integrityOf(dataDir: string): unknown {
  const file = new Libsql(join(dataDir, 'qrfactory.db'));
  try {
    return file.pragma('integrity_check');
  } finally {
    file.close();
  }
}

it('SQLite keeps every render that a process acknowledged before kill -9', async () => {
  const dataDir = await temporaryFolder();
  const config = { mongoUrl: null, dataDir };
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round++) {
    const processes = [1, 2].map(() => startDatabaseProcess({ does: 'accept for ever', config }));
    await Promise.all(processes.map((running) => running.reaches(1500)));
    for (const { child, printed } of processes) {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
      acknowledged.push(...printed);
    }
  }
  await withDatabase(dataDir, async ({ renders }) => {
    const found = new Set((await renders.findMany(acknowledged)).map(({ id }) => id));
    expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
  });
  expect(integrityOf(dataDir)).toEqual([{ integrity_check: 'ok' }]);
});

it('SQLite files are made once when several processes start on an empty folder', async () => {
  for (let round = 0; round < 3; round++) {
    const config = { mongoUrl: null, dataDir: join(await temporaryFolder(), 'new', 'folder') };
    const processes = [1, 2, 3, 4].map(() => startDatabaseProcess({ does: 'connect', config }));
    await Promise.all(processes.map((running) => running.lines()));
    expect(integrityOf(config.dataDir)).toEqual([{ integrity_check: 'ok' }]);
  }
});

it('SQLite write-ahead logs stay short under a stream of writes and look-ups of two connections', async () => {
  const dataDir = await temporaryFolder();
  await withDatabase(dataDir, (other) =>
    withDatabase(dataDir, async ({ renders }) => {
      for (let group = 0; group < 150; group++) {
        const rows = Array.from({ length: 64 }, () => newRender());
        await renders.accept(rows, noon);
        await other.renders.findMany(rows.map(({ id }) => id));
        await other.renders.finish(rows.map(({ id }) => ({ id, at: noon, result: renderResult, error: null })));
      }
      expect((await stat(join(dataDir, 'qrfactory.db-wal'))).size).toBeLessThan(32 * 1024 * 1024);
    }),
  );
});

it('SQLite fails a wrong write alone, not those that share its transaction', async () => {
  await withDatabase(await temporaryFolder(), async ({ renders }) => {
    const rows = Array.from({ length: 9 }, () => newRender());
    const wrong = newRender({ tenantId: null as never });
    const writes = [...rows.slice(0, 5), wrong, ...rows.slice(5)].map((row) => renders.accept([row], noon));
    const settled = await Promise.allSettled(writes);
    expect(settled.map(({ status }) => status).indexOf('rejected')).toBe(5);
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(await renders.findMany(rows.map(({ id }) => id))).toHaveLength(rows.length);
  });
});

it('SQLite binds no value of which libsql would die', async () => {
  await withDatabase(await temporaryFolder(), async ({ renders }) => {
    const wrong = newRender({ rendererVersion: true as never });
    await expect(renders.accept([wrong], noon)).rejects.toThrow(/text, numbers and null, not boolean/);
  });
});

it('SQLite calls in hand fail as unavailable when the database thread dies, and a new thread takes the next', async () => {
  const entry = new URL('../../../../dist/test/support/dying-thread.js', import.meta.url);
  const thread = new DatabaseThread(join(await temporaryFolder(), 'qrfactory.db'), silent, entry);
  await thread.ready();
  const calls = [1, 2, 3].map(() => thread.ask({ kind: 'read', sql: 'select 1', parameters: [] }));
  await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(away)));
  await thread.ready();
  await expect(thread.ask({ kind: 'write', calls: [] })).rejects.toMatchObject(away);
  await thread.close();
});

it('SQLite files of a newer version are refused, with what to do', async () => {
  const dataDir = await temporaryFolder();
  await withDatabase(dataDir, (database) => database.ping());
  const file = new Libsql(join(dataDir, 'qrfactory.db'));
  file.exec('pragma user_version = 999');
  file.close();
  const failure = { code: 'database_version', message: expect.stringMatching(/version 999.*another DATA_DIR/) };
  await expect(withDatabase(dataDir, (database) => database.ping())).rejects.toMatchObject(failure);
});

it('SQLite files that are none are unavailable, with what SQLite says', async () => {
  const dataDir = await temporaryFolder();
  await writeFile(join(dataDir, 'qrfactory.db'), 'this is not a database, however long it may be'.repeat(100));
  const failure = { ...away, message: expect.stringMatching(/not a database/) };
  await expect(withDatabase(dataDir, (database) => database.ping())).rejects.toMatchObject(failure);
});

it('SQLite writers give up as unavailable while another program keeps the file locked, and go on afterwards', async () => {
  const dataDir = await temporaryFolder();
  await withDatabase(dataDir, async ({ renders }) => {
    const other = new Libsql(join(dataDir, 'qrfactory.db'));
    other.exec('begin immediate');
    const [first, second] = [newRender(), newRender()];
    await expect(renders.accept([first], noon)).rejects.toMatchObject(away);
    expect(await renders.find(first.id)).toBeNull();
    other.exec('rollback');
    other.close();
    expect(await renders.accept([second], noon)).toMatchObject([{ started: true }]);
  });
});

it('SQLite disks that are full are told apart from files that cannot be used', () => {
  const failure = (code: string, rawCode: number) => databaseError({ code, rawCode, message: 'said' });
  expect(failure('SQLITE_FULL', 13)).toMatchObject({ kind: 'unavailable', code: 'database_full', retryAfterS: 30 });
  expect(failure('SQLITE_IOERR_WRITE', 778)).toMatchObject(away);
  expect(failure('SQLITE_BUSY_SNAPSHOT', 517)).toMatchObject(away);
  expect(failure('SQLITE_CONSTRAINT_NOTNULL', 1299)).not.toHaveProperty('kind');
});
