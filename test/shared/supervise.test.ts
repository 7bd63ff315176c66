import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createLog } from '../../shared/log.ts';
import { Supervised, WrongConfiguration } from '../../shared/supervise.ts';

const log = createLog('test', 'silent');

/** Runs a line of JavaScript; ready when it has printed something. */
function launcher(script: string) {
  const children: ChildProcess[] = [];
  const launch = () => {
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const exit = once(child, 'exit').then(() => Promise.reject(new Error('ended early')));
    const printed = once(child.stdout, 'data').then(([text]) => String(text).trim());
    return { child, ready: Promise.race([printed, exit]) };
  };
  return { children, launch };
}

const lives = `console.log('up'); setInterval(() => {}, 1000)`;
const backoff = { firstMs: 10, maxMs: 40 };

describe('a supervised child', () => {
  it('is started again when it dies', async () => {
    const { children, launch } = launcher(lives);
    const supervised = new Supervised({ name: 'child', log, launch, backoff });
    expect(await supervised.ready).toBe('up');
    children[0]?.kill('SIGKILL');
    await expect.poll(() => children.length).toBe(2);
    await supervised.stop(5000);
    expect(children.map((child) => child.exitCode ?? child.signalCode)).toEqual(['SIGKILL', 'SIGTERM']);
  });

  it('is started again when it refuses its configuration after it was well', async () => {
    const { children, launch } = launcher(lives);
    const refusing = launcher('process.exit(2)');
    const supervised = new Supervised({
      name: 'child',
      log,
      launch: () => (children.length === 0 ? launch() : refusing.launch()),
      backoff,
    });
    await supervised.ready;
    children[0]?.kill('SIGKILL');
    await expect.poll(() => refusing.children.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
    await supervised.stop(5000);
  });

  it('is started again and again when it keeps dying, ever later up to the longest wait', async () => {
    const { children, launch } = launcher('process.exit(3)');
    const reports: { restartInMs: number; deaths: number; code: number }[] = [];
    const reporting = Object.assign(Object.create(log), {
      error: (report: (typeof reports)[number]) => reports.push(report),
    });
    const supervised = new Supervised({ name: 'child', log: reporting, launch, backoff });
    await expect.poll(() => reports.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(5);
    await supervised.stop(5000);
    expect(reports.slice(0, 5).map(({ restartInMs }) => restartInMs)).toEqual([10, 20, 40, 40, 40]);
    expect(reports.slice(0, 5).map(({ deaths, code }) => [deaths, code])).toEqual([1, 2, 3, 4, 5].map((n) => [n, 3]));
    expect(children.length).toBeGreaterThanOrEqual(5);
  });

  it.each([false, true])(
    'is not started again when it refused its configuration (must start: %s)',
    async (mustStart) => {
      const { children, launch } = launcher('process.exit(2)');
      const supervised = new Supervised({ name: 'child', log, launch, backoff, mustStart });
      await expect(supervised.ready).rejects.toThrow(WrongConfiguration);
      await supervised.stop(5000);
      expect(children).toHaveLength(1);
    },
  );

  it('begins its waits anew after it was healthy', async () => {
    const { launch } = launcher('process.exit(3)');
    const waits: number[] = [];
    const reporting = Object.assign(Object.create(log), {
      error: ({ restartInMs }: { restartInMs: number }) => waits.push(restartInMs),
    });
    const supervised = new Supervised({ name: 'child', log: reporting, launch, backoff, healthyMs: 0 });
    await expect.poll(() => waits.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
    await supervised.stop(5000);
    expect(new Set(waits)).toEqual(new Set([10]));
  });

  it('is not started again when it must start and did not', async () => {
    const { children, launch } = launcher('process.exit(3)');
    const supervised = new Supervised({ name: 'child', log, launch, backoff, mustStart: true });
    await expect(supervised.ready).rejects.toThrow('ended early');
    await supervised.stop(5000);
    expect(children).toHaveLength(1);
  });

  it('is killed when it does not end within the grace time', async () => {
    const { children, launch } = launcher(`process.on('SIGTERM', () => {}); ${lives}`);
    const supervised = new Supervised({ name: 'child', log, launch });
    await supervised.ready;
    await supervised.stop(50);
    expect(children[0]?.signalCode).toBe('SIGKILL');
  });

  it('that cannot be launched at all is tried again', async () => {
    let attempts = 0;
    const { launch } = launcher(lives);
    const supervised = new Supervised({
      name: 'child',
      log,
      backoff,
      launch: () => {
        attempts++;
        if (attempts < 3) throw new Error('no such program');
        return launch();
      },
    });
    expect(await supervised.ready).toBe('up');
    await supervised.stop(5000);
  });

  it('that is stopped before it was ready leaves nobody waiting', async () => {
    const { launch } = launcher('setInterval(() => {}, 1000)');
    const supervised = new Supervised({ name: 'child', log, launch });
    await supervised.stop(5000);
    await expect(supervised.ready).rejects.toThrow('was stopped before it was ready');
  });
});
