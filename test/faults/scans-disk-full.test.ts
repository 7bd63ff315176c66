import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { ledgerOf, makeCode, openLedger, type Scanned, scanOnce, untilCounted } from '../support/scans.ts';

const mount = (folder: string, size: string): void =>
  void execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' });
const unmount = (folder: string): void => void execFileSync('umount', ['--lazy', folder], { stdio: 'ignore' });

/** Whether this process may mount a small file system, as root on most machines. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'qrf-mount-'));
  try {
    mount(folder, '64k');
    unmount(folder);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const suite = canMount() ? describe : describe.skip;

suite('Scans on a full disk (where a file system can be mounted)', () => {
  let deployment: Deployment;
  let folder: string;
  afterEach(async () => {
    await deployment.destroy();
    unmount(join(folder, 'journal'));
    await rm(folder, { recursive: true });
  });

  it('are redirected and counted as lost; what was written down is in the ledger, and so is what comes when there is room', async () => {
    folder = await mkdtemp(join(tmpdir(), 'qrf-full-'));
    const journal = join(folder, 'journal');
    await mkdir(journal);
    mount(journal, '1m');
    deployment = await prepareDeployment({ env: { DATA_DIR: folder } });
    const api = await deployment.startApi();
    const database = await openLedger(deployment.env);
    const code = await makeCode(deployment.client);
    const scanned: Scanned = { requested: new Set(), answered: new Set() };
    const scan = () => scanOnce(deployment.client.baseUrl, code, scanned);

    // No worker takes anything away, so the journal only grows.
    const told = api.logged('scans lost: the journal cannot be written');
    let lost = false;
    void told.then(() => {
      lost = true;
    });
    const answeredAt: number[] = [];
    while (!lost) {
      expect(await scan()).toBe(302);
      answeredAt.push(Date.now());
    }
    const firstLoss = await told;
    expect(firstLoss).toMatchObject({ scansLost: 1, err: { code: 'journal_unavailable' } });
    // The line says when; that it came through the log's buffer took longer.
    const beforeLoss = answeredAt.filter((at) => at < Date.parse(String(firstLoss.time))).length;
    // What was made ready ahead takes scans yet.
    await eventually('it says that scans are lost', async () => {
      for (let count = 0; count < 20; count++) expect(await scan()).toBe(302);
      const ready = await fetch(`${deployment.client.baseUrl}/readyz`);
      const { checks } = (await ready.json()) as { checks: Record<string, string> };
      return checks.database === 'ok' && checks.journal === 'unavailable';
    });

    await deployment.startWorkers();
    await untilCounted(deployment, database);
    const written = new Set((await ledgerOf(database, code)).map(({ referrer }) => referrer as string));
    expect(beforeLoss).toBeGreaterThan(100);
    expect(written.size).toBeLessThan(scanned.answered.size);
    expect([...written].filter((mark) => !scanned.requested.has(mark))).toEqual([]);
    expect([...scanned.answered].slice(0, beforeLoss).filter((mark) => !written.has(mark))).toEqual([]);

    const after: Scanned = { requested: new Set(), answered: new Set() };
    await eventually('it writes scans down again', async () => {
      await scanOnce(deployment.client.baseUrl, code, after);
      await untilCounted(deployment, database);
      const rows = await ledgerOf(database, code);
      return rows.some(({ referrer }) => after.answered.has(referrer as string));
    });
  });
});
