import { pino } from 'pino';
import { expect, it } from 'vitest';
import { unavailable } from '../../shared/errors.ts';
import { untilAvailable } from '../../shared/until-available.ts';

it('tells the parent process what a start waits for, and goes on when it is there', async () => {
  const told: string[] = [];
  const answers = [() => Promise.reject(unavailable('away', 'the disk is full')), async () => 'connected'];
  const connected = untilAvailable('The database', async () => answers.shift()?.(), {
    log: pino({ level: 'silent' }),
    stopping: new AbortController().signal,
    tellWaiting: (what) => told.push(what),
  });
  expect(await connected).toBe('connected');
  expect(told).toEqual(['the database: the disk is full']);
});
