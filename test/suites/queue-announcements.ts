import { expect, it, vi } from 'vitest';
import type { ToldEnd } from '../../shared/adapters/database/database.ts';
import type { Queues } from '../../shared/adapters/queues.ts';
import { queuesUnderTest } from './queues-under-test.ts';

/** What processes tell each other over the Redis at `url()`. */
export function queueAnnouncementsSuite(url: () => string): void {
  const { newPrefix, connect } = queuesUnderTest(url);

  it('gives the epoch to one claimer only', async () => {
    newPrefix();
    const [first, second] = [await connect(), await connect()];
    const claims = await Promise.all([first.claimEpoch(), second.claimEpoch(), first.claimEpoch()]);
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  it('tells every listener of ended work until it stops listening', async () => {
    newPrefix();
    const [teller, first, second] = [await connect(), await connect(), await connect()];
    const heard: Record<string, Set<string>> = { a: new Set(), b: new Set(), c: new Set() };
    const listen = (queues: Queues, name: string) =>
      queues.onEnded((ids) => {
        for (const id of ids) heard[name]?.add(id);
      });
    listen(first, 'a');
    const stop = listen(first, 'b');
    listen(second, 'c');
    await vi.waitFor(async () => {
      await teller.announceEnded(['rnd_early', 'rnd_other']);
      for (const ids of Object.values(heard)) expect(ids.has('rnd_other')).toBe(true);
    });
    stop();
    await teller.announceEnded(['rnd_late']);
    await vi.waitFor(() => expect(heard.a?.has('rnd_late') && heard.c?.has('rnd_late')).toBe(true));
    expect(heard.b?.has('rnd_late')).toBe(false);
  });

  it('carries how renders ended to every listener', async () => {
    newPrefix();
    const [teller, listener] = [await connect(), await connect()];
    const error = { code: 'render_failed', detail: 'It did not work', pointer: null };
    const end: ToldEnd = { id: 'rnd_a', jobId: 'r-1', at: 1000, result: null, error };
    const heard: ToldEnd[][] = [];
    listener.onEnded((_ids, ends) => void heard.push(ends));
    await vi.waitFor(async () => {
      await teller.announceEnded(['rnd_a', 'rnd_b'], [end]);
      expect(heard).toContainEqual([end]);
    });
  });

  it('carries which codes were changed to every listener', async () => {
    newPrefix();
    const [teller, listener] = [await connect(), await connect()];
    const heard: string[][] = [];
    listener.onChanged((slugs) => void heard.push(slugs));
    await vi.waitFor(async () => {
      await teller.announceChanged(['menu-7', 'menu-8']);
      expect(heard).toContainEqual(['menu-7', 'menu-8']);
    });
  });
}
