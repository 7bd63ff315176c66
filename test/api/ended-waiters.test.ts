import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { EndedWaiters } from '../../api/ended-waiters.ts';
import { freshRender } from '../../shared/adapters/database/accepting.ts';
import type { RenderRow, ToldEnd } from '../../shared/adapters/database/database.ts';
import type { Heard } from '../../shared/adapters/redis-channel.ts';
import { createLog } from '../../shared/log.ts';
import { spec } from '../suites/database/rows.ts';

const open = freshRender({ id: 'rnd_a', tenantId: 'default', spec, rendererVersion: 1, jobId: 'r-1' }, 1000);
const result = { version: 1, modules: 21, errorCorrection: 'M', mask: 2, sizeBytes: 9, sha256: 'ab' } as const;
const end: ToldEnd = { id: 'rnd_a', jobId: 'r-1', at: 2000, result, error: null };
const ended: RenderRow = { ...open, status: 'completed', result, completedAt: 2000 };

/** Waiters whose rows are `rows`; `tell` is a message of a worker, `read` the ids that were read. */
function waitersOf(rows: RenderRow[]) {
  let tell: Heard['ended'] = () => undefined;
  const read: string[] = [];
  const waiters = new EndedWaiters<RenderRow>({
    queues: {
      onEnded(listener) {
        tell = listener;
        return () => undefined;
      },
    },
    findMany: async (ids) => {
      read.push(...ids);
      return rows.filter(({ id }) => ids.includes(id));
    },
    hurry: new AbortController().signal,
    log: createLog('test', 'silent'),
  });
  return { waiters, read, tell: (ids: string[], ends: ToldEnd[] = []) => tell(ids, ends) };
}

const response = Object.assign(new EventEmitter(), { closed: false }) as unknown as ServerResponse;

describe('EndedWaiters', () => {
  it('takes the word of the job that carries the row, and reads nothing', async () => {
    const { waiters, tell, read } = waitersOf([]);
    const waiting = waiters.open('rnd_a').ended(open, 5000, response);
    tell(['rnd_a', 'rnd_b'], [end, { ...end, id: 'rnd_b' }]);
    expect(await waiting).toEqual(ended);
    expect(read).toEqual([]);
  });

  it('keeps an end that is told before the row is known here', async () => {
    const { waiters, tell, read } = waitersOf([]);
    const waiter = waiters.open('rnd_a');
    tell(['rnd_a'], [end]);
    expect(await waiter.ended(open, 5000, response)).toEqual(ended);
    expect(read).toEqual([]);
  });

  it('says why a render failed', async () => {
    const { waiters, tell } = waitersOf([]);
    const error = { code: 'render_failed', detail: 'It did not work', pointer: null };
    const waiting = waiters.open('rnd_a').ended(open, 5000, response);
    tell(['rnd_a'], [{ ...end, result: null, error }]);
    expect(await waiting).toEqual({ ...open, status: 'failed', error, completedAt: 2000 });
  });

  it.each(['before', 'after'] as const)(
    'reads the row when another job carries it, told %s it is known',
    async (when) => {
      const { waiters, tell, read } = waitersOf([{ ...ended, jobId: 'r-2' }]);
      const waiter = waiters.open('rnd_a');
      if (when === 'before') tell(['rnd_a'], [end]);
      const waiting = waiter.ended({ ...open, jobId: 'r-2' }, 5000, response);
      if (when === 'after') tell(['rnd_a'], [end]);
      expect(await waiting).toEqual({ ...ended, jobId: 'r-2' });
      expect(read).toEqual(['rnd_a']);
    },
  );

  it('waits on when the word is of an earlier job and the row is open', async () => {
    const { waiters, tell } = waitersOf([{ ...open, jobId: 'r-2' }]);
    const waiting = waiters.open('rnd_a').ended({ ...open, jobId: 'r-2' }, 5000, response);
    tell(['rnd_a'], [end]);
    await new Promise(setImmediate);
    tell(['rnd_a'], [{ ...end, jobId: 'r-2', at: 3000 }]);
    expect(await waiting).toEqual({ ...ended, jobId: 'r-2', completedAt: 3000 });
  });

  it('reads the rows of which only the ids are told', async () => {
    const { waiters, tell, read } = waitersOf([ended]);
    const waiting = waiters.open('rnd_a').ended(open, 5000, response);
    tell(['rnd_other', 'rnd_a']);
    expect(await waiting).toEqual(ended);
    expect(read).toEqual(['rnd_a']);
  });
});
