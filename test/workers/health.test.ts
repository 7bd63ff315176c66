import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../shared/log.ts';
import { killSilent } from '../../workers/health.ts';

const watch = { name: 'worker 1', silentMs: 10_000, log: createLog('test', 'silent') };

describe('a child of the pool', () => {
  let child: ChildProcess;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  });
  afterEach(() => {
    vi.useRealTimers();
    child.kill('SIGKILL');
  });

  it('that shows no life for too long is killed', async () => {
    killSilent(child, watch);
    vi.advanceTimersByTime(10_000);
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that shows life in time stays', () => {
    killSilent(child, watch);
    for (let turn = 0; turn < 5; turn++) {
      vi.advanceTimersByTime(8000);
      child.emit('message', 'alive');
    }
    expect(child.killed).toBe(false);
  });
});
