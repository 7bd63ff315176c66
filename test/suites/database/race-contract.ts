import { describe, expect, it } from 'vitest';
import type { Database } from '../../../shared/adapters/database/database.ts';
import type { DatabaseConfig } from '../../../shared/config.ts';
import { startDatabaseProcess } from '../../support/database-processes.ts';
import { newRender, noon, renderResult, unique, workError } from './rows.ts';

/** What holds when several connections and processes do the same at once. */
export function raceContract(config: () => DatabaseConfig, connections: () => Database[]): void {
  const database = () => connections()[0] as Database;
  const at = (index: number): Database => connections()[index % connections().length] as Database;

  describe('several connections at once', () => {
    it('start each render once, by exactly one of the calls that brought it', async () => {
      const ids = Array.from({ length: 20 }, () => unique('rnd'));
      const calls = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          at(index).renders.accept(
            ids.map((id) => newRender({ id, jobId: `job-${index}` })),
            noon,
          ),
        ),
      );
      for (const [position, id] of ids.entries()) {
        const starters = calls.flatMap((answers, call) => (answers[position]?.started ? [`job-${call}`] : []));
        expect(starters).toEqual([(await database().renders.find(id))?.jobId]);
      }
    });

    it('start each failed render anew once', async () => {
      const ids = Array.from({ length: 10 }, () => unique('rnd'));
      await database().renders.accept(
        ids.map((id) => newRender({ id })),
        noon,
      );
      await database().renders.finish(ids.map((id) => ({ id, at: noon, result: null, error: workError })));
      const calls = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          at(index).renders.accept(
            ids.map((id) => newRender({ id })),
            noon + 1,
          ),
        ),
      );
      const started = calls.flat().filter((answer) => answer.started);
      expect(started.map(({ row }) => row.id).sort()).toEqual(ids.sort());
    });

    it('accept, remove and end one render without an error or a row that is neither', async () => {
      const row = newRender();
      const outcome = { id: row.id, at: noon, result: renderResult, error: null };
      const jobs = Array.from({ length: 30 }, (_, index) => async () => {
        const [answer] = await at(index).renders.accept([{ ...row, jobId: unique('job') }], noon);
        expect(answer?.row.id).toBe(row.id);
        await at(index + 1).renders.finish([outcome]);
        await at(index + 2).renders.remove(row.tenantId, row.id);
      });
      await Promise.all(jobs.map((job) => job()));
      expect(await database().renders.find(row.id)).toBeNull();
    });

    it('see in every connection what one has written', async () => {
      const row = newRender();
      await at(0).renders.accept([row], noon);
      for (const connection of connections()) expect((await connection.renders.find(row.id))?.jobId).toBe(row.jobId);
    });
  });

  describe('several processes at once', () => {
    it('accept the same renders and start each once', async () => {
      const ids = Array.from({ length: 300 }, () => unique('rnd'));
      const processes = Array.from({ length: 3 }, () =>
        startDatabaseProcess({ does: 'accept', config: config(), ids }),
      );
      const started = (await Promise.all(processes.map((running) => running.lines()))).flat();
      expect(started.toSorted()).toEqual(ids.toSorted());
      expect(await database().renders.findMany(ids)).toHaveLength(ids.length);
    });
  });
}
