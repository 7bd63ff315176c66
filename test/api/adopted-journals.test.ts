import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeJournalFolder } from '../../api/journal-folders.ts';
import { tryLock } from '../../shared/adapters/folder-lock.ts';
import { encodeLine } from '../../shared/journal-lines.ts';
import { eventually } from '../support/client.ts';
import { segmentsBelow } from '../support/journal-files.ts';
import { temporaryFolder } from '../support/servers.ts';
import { farSide, scan, startDelivery } from './support/delivery-under-test.ts';

describe('the journal of another process', () => {
  async function journalOf(dataDir: string, content: string | Buffer) {
    const folder = await makeJournalFolder(join(dataDir, 'journal'));
    await writeFile(join(folder.path, '000000001.scans'), content);
    return folder;
  }

  it('is left alone while that lives, and adopted when it is gone', async () => {
    const dataDir = await temporaryFolder();
    const far = farSide();
    const event = scan();
    const folder = await journalOf(dataDir, encodeLine(event));
    const { close } = await startDelivery(dataDir, far);
    expect(await segmentsBelow(dataDir)).toHaveLength(1);
    await close();
    expect(far.side.ledger.size).toBe(0);
    folder.release();
    await startDelivery(dataDir, far);
    await eventually('it is recorded', async () => far.side.ledger.has(event.id));
    await eventually(
      'its folder is removed',
      async () => !(await readdir(join(dataDir, 'journal'))).includes(folder.id),
    );
  });

  it('that cannot be read is let go of, and the others are adopted', async () => {
    const dataDir = await temporaryFolder();
    const far = farSide();
    const event = scan();
    const [broken, whole] = [await journalOf(dataDir, ''), await journalOf(dataDir, encodeLine(event))];
    await mkdir(join(broken.path, '000000002.scans'));
    for (const folder of [broken, whole]) folder.release();
    await startDelivery(dataDir, far);
    await eventually('it is recorded', async () => far.side.ledger.has(event.id));
    const unlock = tryLock(join(broken.path, 'lock'));
    expect(unlock).not.toBeNull();
    unlock?.();
  });

  it('is delivered up to its torn tail', async () => {
    const dataDir = await temporaryFolder();
    const far = farSide();
    const [first, torn] = [scan(), scan()];
    const folder = await journalOf(dataDir, encodeLine(first) + encodeLine(torn).slice(0, -10));
    folder.release();
    await startDelivery(dataDir, far);
    await eventually('the whole one is recorded', async () => far.side.ledger.has(first.id));
    expect(far.side.ledger.has(torn.id)).toBe(false);
    await eventually(
      'its folder is removed',
      async () => !(await readdir(join(dataDir, 'journal'))).includes(folder.id),
    );
  });

  it.each(['', 'nonsense'])('is removed when it holds nothing: %j', async (content) => {
    const dataDir = await temporaryFolder();
    const folder = await journalOf(dataDir, content);
    folder.release();
    await startDelivery(dataDir, farSide());
    await eventually(
      'its folder is removed',
      async () => !(await readdir(join(dataDir, 'journal'))).includes(folder.id),
    );
  });
});
