import { createHmac, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/client.ts';
import { newBody, startApi } from './support/api-under-test.ts';

const tenMinutes = 600_000;
const exact = await startApi();
const ahead = await startApi({ beside: exact });
const behind = await startApi({ beside: exact });
ahead.advance(tenMinutes);
behind.advance(-tenMinutes);
const clocks = { exact, ahead, behind };
type Clock = keyof typeof clocks;
const pairs: [Clock, Clock][] = [
  ['exact', 'ahead'],
  ['ahead', 'exact'],
  ['behind', 'ahead'],
  ['ahead', 'behind'],
];

describe('processes whose clocks are ten minutes apart', () => {
  it.each(pairs)('answer a retry as the first did: %s, then %s', async (one, other) => {
    const headers = { 'idempotency-key': randomUUID() };
    const body = { target: 'https://example.com/skewed' };
    const first = await clocks[one].post('/v1/codes', body, headers);
    const again = await clocks[other].post('/v1/codes', body, headers);
    expect([again.status, again.json().id]).toEqual([201, first.json().id]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((await clocks[other].post('/v1/codes', { target: 'https://example.com/other' }, headers)).status).toBe(422);
  });

  it.each(pairs)('make one thing of one request that came to both: %s and %s', async (one, other) => {
    const headers = { 'idempotency-key': randomUUID() };
    const body = { target: `https://example.com/${randomUUID()}` };
    const answers = await Promise.all(
      [one, other, one, other].map((each) => clocks[each].post('/v1/codes', body, headers)),
    );
    const ids = answers.filter(({ status }) => status === 201).map((answer) => answer.json().id);
    expect(new Set(ids).size).toBe(1);
    expect(answers.every(({ status }) => [201, 409].includes(status))).toBe(true);
    const { data } = (await exact.call(`/v1/codes?q=${body.target.slice(-36)}`)).json() as { data: unknown[] };
    expect(data).toHaveLength(1);
  });

  it.each(pairs)('take over no render that is under way, whatever its lease says: %s, then %s', async (one, other) => {
    const headers = { 'idempotency-key': randomUUID(), prefer: 'wait=20' };
    const body = newBody();
    exact.queues.isHeld = true;
    const jobs = exact.queues.jobs.length;
    const first = clocks[one].post('/v1/renders', body, headers);
    await eventually('it is on the queue', async () => exact.queues.jobs.length > jobs);
    const second = clocks[other].post('/v1/renders', body, headers);
    // Either it is told to come back, or it waits for the very same render.
    await Promise.race([second, new Promise((resolve) => setTimeout(resolve, 200))]);
    const added = exact.queues.jobs.length - jobs;
    exact.queues.isHeld = false;
    await exact.queues.work();
    const [done, late] = await Promise.all([first, second]);
    expect([done.status, added]).toEqual([200, 1]);
    expect([200, 409]).toContain(late.status);
    if (late.status === 200) expect(late.json().id).toBe(done.json().id);
  });

  it('accept what was signed for longer than they are apart', async () => {
    const secret = (await ahead.call('/v1/signing-secret/rotate', { method: 'POST' })).json();
    const text = `/v1/qr?data=skewed&kid=${secret.kid}&exp=${Math.floor(Date.now() / 1000) + 900}`;
    const sig = createHmac('sha256', String(secret.secret)).update(text).digest('hex');
    for (const api of [exact, ahead, behind])
      expect((await api.call(`${text}&sig=${sig}`, { key: null })).status).toBe(200);
  });
});
