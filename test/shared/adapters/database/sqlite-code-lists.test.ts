import { afterAll, describe, expect, it } from 'vitest';
import { sqliteCodes } from '../../../../shared/adapters/database/sqlite/code-store.ts';
import { connectSqlite } from '../../../../shared/adapters/database/sqlite/connect-sqlite.ts';
import { openSqlite } from '../../../../shared/adapters/database/sqlite/connection.ts';
import { codeSorts } from '../../../../shared/contract/code-list.ts';
import { newCode, wholeList } from '../../../suites/database/code-rows.ts';
import { codeListsContract } from '../../../suites/database/codes-list-contract.ts';
import { silent } from '../../../suites/database.ts';
import { temporaryFolder } from '../../../support/servers.ts';

const folder = await temporaryFolder();
const database = await connectSqlite(folder, silent);
const connection = await openSqlite(folder, silent);
/* Some ten codes are too many to be sorted here, and a peek sees a page's worth of them. */
const codes = sqliteCodes(connection, { maxSorted: 2, peekedForEach: 1 });

afterAll(async () => {
  await connection.close();
  await database.close();
});

describe('SQLite with more codes than it sorts', () => {
  it('lists the codes of its only tenant, and the same ones beside another', async () => {
    const tenantId = 'first';
    const rows = Array.from({ length: 30 }, (_, index) =>
      newCode({ tenantId, title: index % 3 === 0 ? 'chosen' : null, scanCount: index }),
    );
    await codes.insert(rows);
    const listed = () =>
      Promise.all(
        codeSorts.flatMap((sort) =>
          [6, 12].map((limit) => codes.list(tenantId, { ...wholeList, sort, limit, words: ['chosen'] })),
        ),
      );
    const alone = await listed();
    expect(alone.map(({ length }) => length)).toEqual(codeSorts.flatMap(() => [6, 10]));
    await codes.insert(rows.map(({ title }) => newCode({ tenantId: 'second', title })));
    expect(await listed()).toEqual(alone);
  });

  it('lists those that have expired, and none that will do so later', async () => {
    const tenantId = 'expiring';
    const { now } = wholeList;
    const rows = Array.from({ length: 30 }, (_, index) =>
      newCode({
        tenantId,
        title: 'chosen',
        scanCount: index,
        expiresAt: [now - 1, now, now + 1, null][index % 4] ?? null,
      }),
    );
    await codes.insert(rows);
    const expired = rows.filter((_, index) => index % 4 < 2).map(({ id }) => id);
    for (const sort of codeSorts)
      for (const words of [[], ['chosen']]) {
        const listed = await codes.list(tenantId, { ...wholeList, sort, words, status: 'expired', limit: 20 });
        expect(listed.map(({ id }) => id).sort()).toEqual([...expired].sort());
      }
  });

  codeListsContract(() => ({ ...database, codes }));
});
