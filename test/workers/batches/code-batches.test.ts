import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewJob } from '../../../shared/adapters/queues.ts';
import { createHandlers } from '../../../workers/handlers.ts';
import { auditQuery } from '../../suites/database/record-contract.ts';
import { decodeWithZxing } from '../../support/decode.ts';
import { openDeps, type TestDeps } from '../support/work-deps.ts';
import { acceptBatch, imageOf, rowsOf, runJob, work } from './support.ts';

let deps: TestDeps;
beforeEach(async () => {
  deps = await openDeps();
});
afterEach(() => deps.close());

const statusesOf = async (batch: Parameters<typeof rowsOf>[1]) =>
  (await rowsOf(deps, batch)).map(({ status }) => status);

describe('a dynamic batch', () => {
  const csv =
    'target,slug,codeTitle,codeTags,size\nhttps://a.example,own-slug,One,"x;y",400\nhttps://b.example,,,,\nhttps://c.example,own-slug,,,\n';

  it('makes a code for each row, none twice when rows run again', async () => {
    const batch = await acceptBatch(deps, csv, { mode: 'dynamic' });
    const { finishRows } = deps.database.batches;
    deps.database.batches.finishRows = async () => {
      throw new Error('the process dies here');
    };
    const handlers = createHandlers(deps);
    await work(deps, { handlers, until: ({ name }) => name === 'render-rows' });
    const [drawing] = deps.queues.added;
    await expect(runJob(handlers, drawing as NewJob)).rejects.toThrow('dies');
    deps.database.batches.finishRows = finishRows;
    await work(deps, { handlers });
    const rows = await rowsOf(deps, batch);
    expect(rows.map(({ status, error }) => [status, error?.code])).toEqual([
      ['completed', undefined],
      ['completed', undefined],
      ['failed', 'slug_taken'],
    ]);
    const ids = await deps.database.codes.idsOf('t', { batchId: batch.id }, { limit: 10, after: null });
    expect(ids.sort()).toEqual(
      rows
        .slice(0, 2)
        .map(({ codeId }) => codeId)
        .sort(),
    );
    const code = await deps.database.codes.findBySlug('own-slug');
    expect(code).toMatchObject({ title: 'One', tags: ['x', 'y'], imageOptions: { size: 400 }, batchId: batch.id });
    expect(code?.current).toMatchObject({ target: 'https://a.example', version: 1, changedBy: 'key_1' });
    expect(rows[0]?.shortUrl).toBe('https://q.example.com/own-slug');
    const [first] = rows;
    const decoded = first && (await decodeWithZxing(await imageOf(deps, first)));
    expect(decoded?.text).toBe('HTTPS://Q.EXAMPLE.COM/OWN-SLUG');

    const recorded = await deps.database.audit.list({ ...auditQuery, action: 'code.create' });
    expect(recorded.map(({ objectId }) => objectId).sort()).toEqual(ids);
    expect(recorded.find(({ objectId }) => objectId === code?.id)).toMatchObject({
      ...{ tenantId: 't', keyId: 'key_1', requestId: batch.requestId ?? batch.id },
      changes: expect.arrayContaining([
        { field: 'target', before: null, after: 'https://a.example' },
        { field: 'batchId', before: null, after: batch.id },
        { field: 'imageOptions', before: null, after: null },
      ]),
    });
  });

  it('ends no row whose change is not on record, and puts each on record once', async () => {
    await acceptBatch(deps, csv, { mode: 'dynamic' });
    await work(deps);
    const { audit } = deps.database;
    const retarget = await acceptBatch(deps, 'slug,target\nown-slug,https://new.example\n', { mode: 'retarget' });
    const { insert } = audit;
    audit.insert = async () => {
      throw new Error('the process dies here');
    };
    const handlers = createHandlers(deps);
    await work(deps, { handlers, until: ({ name }) => name === 'render-rows' });
    const drawing = deps.queues.added[0] as NewJob;
    await expect(runJob(handlers, drawing)).rejects.toThrow('dies');
    expect(await statusesOf(retarget)).toEqual(['running']);
    audit.insert = insert;
    await work(deps, { handlers });
    expect(await statusesOf(retarget)).toEqual(['completed']);
    await acceptBatch(deps, 'slug,target\nown-slug,https://new.example\n', { mode: 'retarget' });
    await work(deps);
    const code = await deps.database.codes.findBySlug('own-slug');
    expect(await audit.list({ ...auditQuery, action: 'code.update' })).toMatchObject([
      {
        ...{ objectId: code?.id, keyId: 'key_1', createdAt: code?.current.from },
        changes: [
          { field: 'target', before: 'https://a.example', after: 'https://new.example' },
          { field: 'version', before: 1, after: 2 },
        ],
      },
    ]);
  });

  it('leaves a change that the API has put on record to the request that made it', async () => {
    await acceptBatch(deps, csv, { mode: 'dynamic' });
    await work(deps);
    const more = { mode: 'retarget', requestId: 'req_batch' } as const;
    const retarget = await acceptBatch(deps, 'slug,target\nown-slug,https://new.example\n', more);
    const { audit, codes } = deps.database;
    const code = await codes.findBySlug('own-slug');
    if (code === null) throw new Error('There is no code own-slug');
    const current = { ...code.current, version: 2, target: 'https://new.example', from: deps.now() };
    expect(await codes.replace({ ...code, current, revision: code.revision + 1 })).toBe(true);
    const changes = [{ field: 'version', before: 1, after: 2 }];
    const facts = { ...{ tenantId: 't', keyId: 'key_1', objectId: code.id, requestId: 'req_api' }, changes };
    // Written behind the change, and by another action: a roll-back, say.
    await audit.insert([{ id: 'aud_api', ...facts, action: 'code.rollback', createdAt: deps.now() + 40 }]);
    await work(deps);
    expect(await statusesOf(retarget)).toEqual(['completed']);
    const recorded = await audit.list({ ...auditQuery, objectId: code.id });
    expect(recorded.map(({ requestId }) => requestId)).toEqual(['req_api', 'request-1']);
  });

  it('has one version on record once, also where rows name its code by slug and by id', async () => {
    const made = await acceptBatch(deps, csv, { mode: 'dynamic' });
    await work(deps);
    const [first] = await rowsOf(deps, made);
    const rows = `slug,id,target\nown-slug,,https://new.example\n,${first?.codeId},https://new.example\n`;
    const retarget = await acceptBatch(deps, rows, { mode: 'retarget' });
    await work(deps);
    expect(await statusesOf(retarget)).toEqual(['completed', 'failed']);
    expect((await rowsOf(deps, retarget))[1]?.error).toMatchObject({ code: 'given_twice', pointer: '/id' });
    expect(await deps.database.audit.list({ ...auditQuery, action: 'code.update' })).toHaveLength(1);
  });

  it('has new targets on record in steps, not only at the end of the chunk', async () => {
    await acceptBatch(deps, `target,slug\n${lines(60, (n) => `https://a.example/${n},many-${n}`)}`, {
      mode: 'dynamic',
    });
    await work(deps);
    await acceptBatch(deps, `slug,target\n${lines(60, (n) => `many-${n},https://b.example`)}`, { mode: 'retarget' });
    const { audit } = deps.database;
    const { insert } = audit;
    const sizes: number[] = [];
    audit.insert = async (rows) => {
      sizes.push(rows.length);
      await insert(rows);
    };
    await work(deps);
    expect(sizes).toEqual([25, 25, 10]);
  });

  it('gives codes new targets, each in its history, once however often it runs', async () => {
    const made = await acceptBatch(deps, csv, { mode: 'dynamic' });
    await work(deps);
    const [first] = await rowsOf(deps, made);
    const retarget = `slug,target\nOWN-slug,https://new.example\nnowhere,https://new.example\nown-slug,https://other.example\n`;
    for (const round of [1, 2]) {
      const batch = await acceptBatch(deps, retarget, { mode: 'retarget' });
      await work(deps);
      const rows = await rowsOf(deps, batch);
      expect(
        rows.map(({ error }) => error?.code),
        `round ${round}`,
      ).toEqual([undefined, 'unknown_code', 'given_twice']);
      // Every process of the API hears of it, once.
      expect(deps.queues.changed).toEqual(['own-slug']);
      expect(rows[0]).toMatchObject({ codeId: first?.codeId, shortUrl: 'https://q.example.com/own-slug', file: null });
    }
    const code = await deps.database.codes.findBySlug('own-slug');
    expect(code?.current).toMatchObject({ version: 2, target: 'https://new.example' });
  });

  it("leaves another tenant's code alone", async () => {
    await acceptBatch(deps, csv, { mode: 'dynamic' });
    await work(deps);
    const batch = await acceptBatch(deps, 'slug,target\nown-slug,https://evil.example\n', {
      mode: 'retarget',
      tenantId: 'other',
    });
    await work(deps);
    expect((await rowsOf(deps, batch))[0]?.error?.code).toBe('unknown_code');
    expect((await deps.database.codes.findBySlug('own-slug'))?.current.target).toBe('https://a.example');
  });
});

const lines = (count: number, line: (number: number) => string): string =>
  `${Array.from({ length: count }, (_, index) => line(index + 1)).join('\n')}\n`;
