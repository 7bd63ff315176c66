import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { connectSharedCounts } from '../../../shared/adapters/shared-counts.ts';
import { Tally } from '../../../shared/tally.ts';
import { redisUrl, uniquePrefix } from '../../support/servers.ts';

const log = pino({ level: 'silent' });
const redis = { url: redisUrl(), prefix: uniquePrefix() };
const one = await connectSharedCounts(redis, log);
const other = await connectSharedCounts(redis, log);
afterAll(async () => {
  await one.close();
  await other.close();
});

const done = 'qrfactory_jobs_total{name="sweep",verdict="done"}';
const jobs = (tally: Tally) => tally.counter('qrfactory_jobs_total', { name: 'sweep', verdict: 'done' });
const facts = (id: string) => () => ({ id, kind: 'pool' as const, residentBytes: 1000, lagSeconds: 0.01 });

describe('counts of the deployment', () => {
  it('are the sums of what each process counted, and stay when it is gone', async () => {
    const [a, b] = [new Tally(), new Tally()];
    const [stopA, stopB] = [one.push(a, facts('a')), other.push(b, facts('b'))];
    jobs(a).add(3);
    jobs(b).add(4);
    a.counter('qrfactory_pool_restarts_total', { kind: 'pool' });
    await stopA();
    await stopB();
    const read = await one.read();
    expect(read?.counts).toEqual(
      new Map([
        [done, 7],
        ['qrfactory_pool_restarts_total{kind="pool"}', 0],
      ]),
    );
    expect(read?.processes.map(({ id }) => id).sort()).toEqual(['a', 'b']);
    expect(await other.processes()).toEqual(expect.arrayContaining([facts('a')(), facts('b')()]));

    const next = new Tally();
    const stopNext = one.push(next, facts('c'));
    jobs(next).add();
    await stopNext();
    expect((await other.read())?.counts.get(done)).toBe(8);
  });

  it('are null while Redis is away', async () => {
    const away = await connectSharedCounts({ url: 'redis://127.0.0.1:1', prefix: 'x' }, log);
    expect(await away.read()).toBeNull();
    expect(await away.processes()).toBeNull();
    await away.push(new Tally(), facts('d'))();
    await away.close();
  });
});
