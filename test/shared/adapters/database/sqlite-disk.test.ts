import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import { newRender, noon } from '../../../suites/database/rows.ts';
import { silent } from '../../../suites/database.ts';
import { describeOn, temporaryFolder } from '../../../support/servers.ts';

/** A disk of three megabytes, where we may make one. */
async function tinyDisk(): Promise<string | null> {
  const folder = await temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    return null;
  }
}

const disk = await tinyDisk();
/* libsql lets go of a closed file only when its statements are collected as garbage: hence the lazy unmounting. */
afterAll(() => {
  if (disk) execFileSync('umount', ['-l', disk]);
});

describeOn('SQLite on a disk that may be mounted here', disk, (dataDir) => {
  it('says that the disk is full, keeps what it had, and goes on when there is room again', async () => {
    const ballast = join(dataDir, 'ballast');
    writeFileSync(ballast, Buffer.alloc(1024 * 1024));
    const { renders, close } = await connectDatabase({ mongoUrl: null, dataDir }, silent);
    const kept: string[] = [];
    let failure: unknown = null;
    while (failure === null) {
      const rows = Array.from({ length: 64 }, () => newRender());
      try {
        await renders.accept(rows, noon);
        kept.push(...rows.map(({ id }) => id));
      } catch (error) {
        failure = error;
      }
    }
    expect(failure).toMatchObject({ kind: 'unavailable', code: 'database_full' });
    expect(await renders.findMany(kept)).toHaveLength(kept.length);
    rmSync(ballast);
    const row = newRender();
    expect(await renders.accept([row], noon)).toMatchObject([{ started: true }]);
    expect(await renders.findMany([...kept, row.id])).toHaveLength(kept.length + 1);
    await close();
  });
});
