import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, expect, it, vi } from 'vitest';
import { createLog } from '../../shared/log.ts';
import { startJobLanes } from '../../workers/job-lanes.ts';
import { renderJob } from '../suites/queues.ts';
import { queuesUnderTest } from '../suites/queues-under-test.ts';
import { redisUrl } from '../support/servers.ts';

const { newPrefix, connect, prefix } = queuesUnderTest(redisUrl);
beforeEach(newPrefix);

it('takes no more jobs in any lane once they close, but for one that a lane waited for, and waits for those in hand', async () => {
  const queues = await connect();
  const ran: string[] = [];
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const lanes = await startJobLanes({
    kind: 'pool',
    concurrency: 4,
    redis: { url: redisUrl(), prefix: prefix() },
    log: createLog('test', 'silent'),
    process: async ({ id, name }) => {
      ran.push(id);
      if (name !== 'render-codes') await held;
      return { verdict: 'done' };
    },
  });
  const slow = [
    { name: 'check-logo', payload: { logoId: 'l' }, jobId: 'first_lane' },
    { name: 'send-webhook', payload: { deliveryId: 'd' }, jobId: 'last_lane' },
  ] as const;
  await queues.add([...slow, renderJob('before')]);
  await vi.waitFor(() => expect(ran.toSorted()).toEqual(['before', 'first_lane', 'last_lane']), { timeout: 20_000 });
  const closed = lanes.close({ graceMs: 20_000 });
  const after = Array.from({ length: 8 }, (_, n) => `after_${n}`);
  await queues.add(after.map(renderJob));
  await pause(300);
  letGo();
  await closed;
  expect((await queues.liveJobs('renders', after)).size).toBeGreaterThanOrEqual(7);
  expect(await queues.liveJobs('logos', ['first_lane'])).toEqual(new Set());
  expect(await queues.liveJobs('webhooks', ['last_lane'])).toEqual(new Set());
});
