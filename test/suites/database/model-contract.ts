import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../../shared/adapters/database/database.ts';
import { RenderModel } from './model.ts';
import { newRender, noon, renderResult, unique, workError } from './rows.ts';

const id = fc.constantFrom('a', 'b', 'c', 'd');
const ids = fc.array(id, { minLength: 1, maxLength: 6 });

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('accept' as const), ids }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('finish' as const),
      outcomes: fc.array(fc.record({ id, good: fc.boolean() }), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('requeue' as const),
      rows: fc.array(fc.record({ id, suspect: fc.boolean() }), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('countStart', 'reopen', 'remove'), id }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('touch' as const), ids }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

let runs = 0;

/** One run: the same steps on the database and on the model, under ids, a tenant and a stretch of time of their own. */
class Run {
  readonly model = new RenderModel();
  readonly tenantId = unique('tenant');
  readonly from = noon * 2 + runs++ * 1_000_000;
  readonly #database: Database;
  #now = this.from;

  constructor(database: Database) {
    this.#database = database;
  }

  readonly #id = (name: string): string => `${name}_${this.tenantId}`;

  async take(step: Step): Promise<void> {
    const { renders } = this.#database;
    this.#now += 1;
    const now = this.#now;
    if ('outcomes' in step) {
      const outcomes = step.outcomes.map(({ id: name, good }) =>
        good
          ? { id: this.#id(name), at: now, result: renderResult, error: null }
          : { id: this.#id(name), at: now, result: null, error: workError },
      );
      expect((await renders.finish(outcomes)).sort()).toEqual(this.model.finish(outcomes).sort());
    } else if ('rows' in step) {
      const rows = step.rows.map(({ id: name, suspect }) => ({ id: this.#id(name), jobId: unique('job'), suspect }));
      await renders.requeue(rows, now);
      this.model.requeue(rows, now);
    } else if (step.does === 'accept') {
      const news = step.ids.map((name) => newRender({ id: this.#id(name), tenantId: this.tenantId }));
      const started = (await renders.accept(news, now)).map((answer) => answer.started);
      expect(started).toEqual(this.model.accept(news, now));
    } else if (step.does === 'touch') {
      await renders.touch(step.ids.map(this.#id), now);
      this.model.touch(step.ids.map(this.#id), now);
    } else await this.#takeOne(step.does as string, this.#id((step as { id: string }).id), now);
  }

  async #takeOne(does: string, rowId: string, now: number): Promise<void> {
    const { renders } = this.#database;
    const jobId = unique('job');
    if (does === 'countStart') expect(await renders.countStart(rowId, now)).toBe(this.model.countStart(rowId));
    if (does === 'reopen') expect(await renders.reopen(rowId, jobId, now)).toBe(this.model.reopen(rowId, jobId, now));
    if (does === 'remove') expect(await renders.remove(this.tenantId, rowId)).toBe(this.model.remove(rowId));
  }

  async compare(): Promise<void> {
    const { renders } = this.#database;
    const page = { limit: 200, order: 'newest-first', after: null, status: null } as const;
    const listed = await renders.list(this.tenantId, page);
    expect(listed).toEqual(this.model.newestFirst().map((rowId) => this.model.rows.get(rowId)));
    const after = { queuedAt: this.from - 1, id: '' };
    const open = await renders.openWork({ before: this.#now + 1, limit: 200, after });
    expect(open.map((work) => work.id)).toEqual(this.model.openWork());
  }
}

/** Random histories end as the docstrings have it. */
export function modelContract(database: () => Database): void {
  describe('a random history of renders', () => {
    it('ends as on the model, and each step answers as there', async () => {
      const history = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const run = new Run(database());
        for (const next of steps) await run.take(next);
        await run.compare();
      });
      await fc.assert(history, { numRuns: 100 });
    });
  });
}
