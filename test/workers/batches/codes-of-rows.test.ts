import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endTask, startTask } from '../../../shared/adapters/batch-tasks.ts';
import { changeBatch } from '../../../shared/adapters/change-batch.ts';
import type { Batch } from '../../../shared/adapters/database/batch-store.ts';
import type { CodeRow } from '../../../shared/adapters/database/code-store.ts';
import { createHandlers } from '../../../workers/handlers.ts';
import { openDeps, type TestDeps } from '../support/work-deps.ts';
import { acceptBatch, batchOf, rowsOf, runJob, work } from './support.ts';

let deps: TestDeps;
beforeEach(async () => {
  deps = await openDeps();
});
afterEach(() => deps.close());

const count = 120;
const lines = (header: string, line: (n: number) => string): string =>
  `${header}\n${Array.from({ length: count }, (_, index) => line(index + 1)).join('\n')}\n`;
const newCodes = (prefix: string): string => lines('target,slug', (n) => `https://a.example/${n},${prefix}-${n}`);
const newTargets = (prefix: string): string => lines('slug,target', (n) => `${prefix}-${n},https://new.example/${n}`);

async function made(csv: string): Promise<Batch> {
  const batch = await acceptBatch(deps, csv, { mode: 'dynamic' });
  await work(deps);
  return batch;
}

async function codeOf(slug: string): Promise<CodeRow> {
  const code = await deps.database.codes.findBySlug(slug);
  if (code === null) throw new Error(`There is no code ${slug}`);
  return code;
}

async function cancel(batch: Batch): Promise<void> {
  await changeBatch(deps.database.batches, batch.id, () => ({ cancelledAt: deps.now() }));
  await startTask(deps, endTask(batch));
}

/** Leads a code elsewhere, as a person does by PATCH. */
async function change(slug: string, target: string): Promise<void> {
  const code = await codeOf(slug);
  const current = { version: code.current.version + 1, target, from: deps.now(), changedBy: 'key_person' };
  expect(await deps.database.codes.replace({ ...code, current, revision: code.revision + 1 })).toBe(true);
}

describe('a batch that is cancelled while its rows are under way', () => {
  it('has every code that it made in its row, with its image', async () => {
    const { codes } = deps.database;
    const { insert } = codes;
    const batch = await acceptBatch(deps, newCodes('cut'), { mode: 'dynamic' });
    codes.insert = async (rows) => {
      const outcomes = await insert(rows);
      codes.insert = insert;
      await cancel(batch);
      return outcomes;
    };
    await work(deps);
    expect((await batchOf(deps, batch)).status).toBe('cancelled');
    const ids = await codes.idsOf('t', { batchId: batch.id }, { limit: 500, after: null });
    const rows = await rowsOf(deps, batch);
    const shown = rows.filter(({ status, result }) => status === 'completed' && result !== null);
    expect(shown.map(({ codeId }) => codeId).sort()).toEqual(ids.sort());
    expect(rows.filter(({ status }) => status === 'cancelled')).toHaveLength(count - ids.length);
  });

  it('leads no code elsewhere whose row is cancelled', async () => {
    await made(newCodes('led'));
    const batch = await acceptBatch(deps, newTargets('led'), { mode: 'retarget' });
    const { codes } = deps.database;
    const { replace } = codes;
    let changed = 0;
    codes.replace = async (row) => {
      if (++changed === 10) await cancel(batch);
      return replace(row);
    };
    await work(deps);
    const rows = await rowsOf(deps, batch);
    for (const { row, status } of rows) {
      const isNew = (await codeOf(`led-${row}`)).current.target === `https://new.example/${row}`;
      expect([row, status]).toEqual([row, isNew ? 'completed' : 'cancelled']);
    }
    expect(rows.filter(({ status }) => status === 'completed').length).toBeLessThan(count);
  });
});

describe('a batch whose process dies behind the codes of a chunk, and that is cancelled then', () => {
  const diesThere = async (csv: string, mode: 'dynamic' | 'retarget'): Promise<Batch> => {
    const batch = await acceptBatch(deps, csv, { mode });
    const { batches } = deps.database;
    const { finishRows } = batches;
    batches.finishRows = () => Promise.reject(new Error('The process dies here'));
    const handlers = createHandlers(deps);
    await work(deps, { handlers, until: ({ name }) => name === 'render-rows' });
    for (const lane of deps.queues.added.splice(0)) {
      await runJob(handlers, lane).catch(() => undefined);
      deps.queues.added.push(lane);
    }
    batches.finishRows = finishRows;
    await cancel(batch);
    return batch;
  };
  /** Runs what is left: the lane's job comes again as one that stalled, or as one that failed. */
  const goOn = async (stalls: number): Promise<void> => {
    const handlers = createHandlers(deps);
    for (const lane of deps.queues.added.splice(0)) await runJob(handlers, lane, { stalls });
    await work(deps, { handlers });
  };

  it.each([0, 1])('has each code in its row, with its image, after %i stalls', async (stalls) => {
    const batch = await diesThere(newCodes('died'), 'dynamic');
    await goOn(stalls);
    expect((await batchOf(deps, batch)).status).toBe('cancelled');
    const ids = await deps.database.codes.idsOf('t', { batchId: batch.id }, { limit: 500, after: null });
    const shown = (await rowsOf(deps, batch)).filter(({ status, result }) => status === 'completed' && result !== null);
    expect(ids).toHaveLength(count);
    expect(shown.map(({ codeId }) => codeId).sort()).toEqual(ids.sort());
  });

  it.each([0, 1])('has each row that led its code elsewhere completed, after %i stalls', async (stalls) => {
    await made(newCodes('back'));
    deps.clock.now += 1000;
    const csv = `${newTargets('back')}nowhere,https://new.example/0\n`;
    const batch = await diesThere(csv, 'retarget');
    // Somebody's later word is left alone.
    await change('back-7', 'https://person.example');
    await goOn(stalls);
    const rows = await rowsOf(deps, batch);
    expect(rows.map(({ status }) => status)).toEqual([...Array(count).fill('completed'), 'cancelled']);
    expect((await codeOf('back-7')).current.target).toBe('https://person.example');
  });
});

describe('a retarget that runs again', () => {
  it('leaves alone what somebody changed since it led the code there', async () => {
    await made('target,slug\nhttps://a.example,own-slug\nhttps://b.example,other-slug\n');
    deps.clock.now += 1000;
    const csv = 'slug,target\nown-slug,https://batch.example\nother-slug,https://batch.example\n';
    const batch = await acceptBatch(deps, csv, { mode: 'retarget' });
    deps.clock.now += 1000;
    await change('other-slug', 'https://before.example');
    const { batches } = deps.database;
    const { finishRows } = batches;
    batches.finishRows = () => Promise.reject(new Error('The process dies here'));
    const handlers = createHandlers(deps);
    await work(deps, { handlers, until: ({ name }) => name === 'render-rows' });
    const [lane] = deps.queues.added;
    if (lane === undefined) throw new Error('No lane was woken');
    await runJob(handlers, lane).catch(() => undefined);
    batches.finishRows = finishRows;
    deps.clock.now += 1000;
    await change('own-slug', 'https://person.example');
    await work(deps, { handlers });
    expect((await rowsOf(deps, batch)).map(({ status }) => status)).toEqual(['completed', 'completed']);
    expect((await codeOf('own-slug')).current).toMatchObject({ version: 3, target: 'https://person.example' });
    // What was changed before the batch came to it is the earlier word.
    expect((await codeOf('other-slug')).current).toMatchObject({ version: 3, target: 'https://batch.example' });
  });
});

describe('a code that two rows name', () => {
  it.each([
    { first: 'slug', second: 'id' },
    { first: 'id', second: 'slug' },
  ] as const)('is given one target: by $first, and the row that names it by $second fails', async ({ first }) => {
    const [row] = await rowsOf(deps, await made('target,slug\nhttps://a.example,own-slug\n'));
    const [bySlug, byId] = ['OWN-slug,', `,${row?.codeId}`];
    const [one, two] = first === 'slug' ? [bySlug, byId] : [byId, bySlug];
    // The second stands in another chunk.
    const between = Array.from({ length: 210 }, (_, index) => `,cod_nobody${index},https://x.example`).join('\n');
    const csv = `slug,id,target\n${one},https://one.example\n${between}\n${two},https://two.example\n`;
    const batch = await acceptBatch(deps, csv, { mode: 'retarget' });
    await work(deps);
    const rows = await rowsOf(deps, batch);
    expect([rows[0]?.status, rows.at(-1)?.error?.code]).toEqual(['completed', 'given_twice']);
    expect((await codeOf('own-slug')).current.target).toBe('https://one.example');
  });
});

describe('a row whose code or logo is not to be had', () => {
  it('says what came', async () => {
    await made('target,slug\nhttps://a.example,own-slug\n');
    const taken = await made('target,slug,logoId\nhttps://b.example,own-slug,\nhttps://c.example,,logo_none\n');
    expect((await rowsOf(deps, taken)).map(({ error }) => [error?.code, error?.detail])).toEqual([
      ['slug_taken', expect.stringContaining('"own-slug"')],
      ['unknown_logo', expect.stringContaining('"logo_none"')],
    ]);
    const csv = 'slug,id,target\nnowhere,,https://n.example\n,cod_none,https://n.example\n';
    const batch = await acceptBatch(deps, csv, { mode: 'retarget' });
    await work(deps);
    const rows = await rowsOf(deps, batch);
    expect(rows.map(({ error }) => error?.detail)).toEqual([
      expect.stringContaining('slug "nowhere"'),
      expect.stringContaining('id "cod_none"'),
    ]);
    expect(rows.map(({ extra }) => extra)).toEqual([
      [
        ['slug', 'nowhere'],
        ['id', ''],
      ],
      [
        ['slug', ''],
        ['id', 'cod_none'],
      ],
    ]);
  });
});
