import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/client.ts';
import { segmentsBelow } from '../support/journal-files.ts';
import { temporaryFolder } from '../support/servers.ts';
import { eventsIn, farSide, scan, startDelivery } from './support/delivery-under-test.ts';

describe('the delivery of scans', () => {
  it('brings each one to the ledger and deletes its segment then', async () => {
    const dataDir = await temporaryFolder();
    const far = farSide();
    const { delivery } = await startDelivery(dataDir, far);
    const scans = Array.from({ length: 1200 }, scan);
    await Promise.all(scans.map((one) => delivery.record(one)));
    await eventually('all are recorded', async () => far.side.ledger.size === scans.length);
    expect([...far.side.ledger.values()].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(scans);
    await eventually('nothing is left', async () => delivery.state().segments === 0);
    expect(delivery.state()).toEqual({ scansLost: 0, segments: 0, sizeBytes: 0, oldestAt: null });
    expect(await segmentsBelow(dataDir)).toEqual([]);
    expect(far.side.recorded.size).toBe(0);
  });

  it('has a job of at most 500 scans, under the id of its segment', async () => {
    const far = farSide();
    far.side.works = false;
    const { delivery } = await startDelivery(await temporaryFolder(), far);
    await Promise.all(Array.from({ length: 1200 }, () => delivery.record(scan())));
    await eventually('all are queued', async () => {
      const jobs = [...far.side.jobs.values()];
      return jobs.reduce((sum, { payload }) => sum + eventsIn(payload).length, 0) === 1200;
    });
    for (const { jobId, payload } of far.side.jobs.values()) {
      expect(payload.segmentId).toBe(jobId);
      expect(jobId).toMatch(/^j[0-9a-f]{18}-\d{9}$/);
      expect(eventsIn(payload).length).toBeLessThanOrEqual(500);
    }
    await far.side.work();
  });

  it('tells how much waits on the disk and since when', async () => {
    const far = farSide();
    far.side.queueAway = true;
    const { delivery } = await startDelivery(await temporaryFolder(), far);
    const before = Date.now();
    await delivery.record(scan());
    const { scansLost, segments, sizeBytes, oldestAt } = delivery.state();
    expect({ scansLost, segments }).toEqual({ scansLost: 0, segments: 1 });
    expect(sizeBytes).toBeGreaterThan(200);
    expect(oldestAt).toBeGreaterThanOrEqual(before);
    expect(oldestAt).toBeLessThanOrEqual(Date.now());
  });

  it('waits while the queue is away, says so once, and goes on', async () => {
    const far = farSide();
    far.side.queueAway = true;
    const { delivery, lines } = await startDelivery(await temporaryFolder(), far);
    await delivery.record(scan());
    await eventually('it has tried', async () => lines.some(({ msg }) => String(msg).includes('stay in the journal')));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(lines.filter(({ msg }) => String(msg).includes('stay in the journal'))).toHaveLength(1);
    far.side.queueAway = false;
    await eventually('it is recorded', async () => far.side.ledger.size === 1);
  });

  it('keeps a segment until the ledger says that it has it, also when the announcement is lost', async () => {
    const dataDir = await temporaryFolder();
    const far = farSide();
    far.side.databaseAway = true;
    far.side.announces = false;
    const { delivery } = await startDelivery(dataDir, far);
    await delivery.record(scan());
    await eventually('it is recorded', async () => far.side.ledger.size === 1);
    expect(await segmentsBelow(dataDir)).toHaveLength(1);
    far.side.databaseAway = false;
    await eventually('it is deleted', async () => (await segmentsBelow(dataDir)).length === 0);
    expect(far.side.added).toBe(1);
  });

  it('queues a segment again whose job is gone and that the ledger does not have', async () => {
    const far = farSide();
    far.side.works = false;
    const { delivery } = await startDelivery(await temporaryFolder(), far);
    await delivery.record(scan());
    await eventually('it is queued', async () => far.side.jobs.size === 1);
    far.side.jobs.clear();
    far.side.works = true;
    await eventually('it is recorded', async () => far.side.ledger.size === 1);
    expect(far.side.added).toBe(2);
  });

  it('has at most 64 jobs on the queue; what more there is waits on the disk', async () => {
    const far = farSide();
    far.side.works = false;
    const { delivery } = await startDelivery(await temporaryFolder(), far);
    for (let group = 0; group < 70; group++)
      await Promise.all(Array.from({ length: 500 }, () => delivery.record(scan())));
    await eventually('64 are queued', async () => far.side.jobs.size === 64);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(far.side.jobs.size).toBe(64);
    far.side.works = true;
    await far.side.work();
    await eventually('all are recorded', async () => far.side.ledger.size === 70 * 500);
  });
});

describe('scans that cannot be written down', () => {
  it('are counted as lost and told in the log; the scan goes on', async () => {
    const dataDir = await temporaryFolder();
    const { delivery, lines } = await startDelivery(dataDir, farSide());
    await mkdir(join(dataDir, 'elsewhere'));
    const [own = ''] = await readdir(join(dataDir, 'journal'));
    await rename(join(dataDir, 'journal', own), join(dataDir, 'elsewhere', own));
    await delivery.record(scan());
    expect(delivery.state().scansLost).toBe(1);
    expect(lines.filter(({ msg }) => String(msg).startsWith('scans lost'))).toHaveLength(1);
    await rename(join(dataDir, 'elsewhere', own), join(dataDir, 'journal', own));
    await eventually('it writes again', async () => {
      await delivery.record(scan());
      return delivery.state().segments > 0;
    });
  });
});

describe('closing the delivery', () => {
  it('waits until the ledger has what was written, and leaves no folder', async () => {
    const dataDir = await temporaryFolder();
    const far = farSide();
    const { delivery, close } = await startDelivery(dataDir, far);
    await Promise.all(Array.from({ length: 700 }, () => delivery.record(scan())));
    await close();
    expect(far.side.ledger.size).toBe(700);
    expect(await readdir(join(dataDir, 'journal'))).toEqual([]);
  });

  it('delivers the others when a segment cannot be read', async () => {
    const dataDir = await temporaryFolder();
    const far = farSide();
    far.side.queueAway = true;
    const { delivery, lines } = await startDelivery(dataDir, far);
    const [broken, whole] = [Array.from({ length: 500 }, scan), scan()];
    await Promise.all(broken.map((event) => delivery.record(event)));
    await delivery.record(whole);
    const [first = ''] = (await segmentsBelow(dataDir)).sort();
    await rm(first);
    await mkdir(first);
    far.side.queueAway = false;
    await eventually('the other is recorded', async () => far.side.ledger.has(whole.id));
    expect(far.side.ledger.size).toBe(1);
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'a segment of scans cannot be read for now' }));
  });

  it('leaves on the disk what cannot be delivered, and says so; the next process delivers it', async () => {
    const dataDir = await temporaryFolder();
    const far = farSide();
    far.side.queueAway = true;
    const { delivery, lines, close } = await startDelivery(dataDir, far);
    await delivery.record(scan());
    await close();
    expect(lines.at(-1)).toMatchObject({ msg: expect.stringContaining('scans stay in the journal'), segments: 1 });
    expect(await segmentsBelow(dataDir)).toHaveLength(1);

    far.side.queueAway = false;
    const next = await startDelivery(dataDir, far);
    await eventually('it is recorded', async () => far.side.ledger.size === 1);
    await next.close();
    expect(await readdir(join(dataDir, 'journal'))).toEqual([]);
  });
});
