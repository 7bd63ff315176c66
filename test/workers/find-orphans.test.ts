import { afterEach, beforeEach, expect, it } from 'vitest';
import { batchArchiveKey, batchFileKey, batchPieceKey } from '../../shared/domain/batches/batch-ids.ts';
import { imageKey, logoKey } from '../../shared/domain/object-key.ts';
import { findMissing, findOrphans } from '../../workers/admin/find-orphans.ts';
import { createHandlers } from '../../workers/handlers.ts';
import { purgeEverything } from '../../workers/purge/purge.ts';
import { dayMs } from '../../workers/purge/purge-deps.ts';
import { logoPicture } from '../support/logo-pictures.ts';
import { describeOnStores } from '../support/store-columns.ts';
import { acceptBatch, batchOf, rowsOf, urls, work } from './batches/support.ts';
import { acceptLogo, acceptRows, openDeps, runningJob, specOf, type TestDeps } from './support/work-deps.ts';

const png = { contentType: 'image/png', durable: false };
const always = () => true;

describeOnStores('Objects and rows', (stores) => {
  let deps: TestDeps;
  beforeEach(async () => {
    deps = await openDeps(stores());
    deps.clock.now = Date.now();
  });
  afterEach(() => deps.close());

  const drawn = async (count: number): Promise<string[]> => {
    const rows = await acceptRows(
      deps,
      Array.from({ length: count }, (_, index) => specOf(`image ${index}`)),
    );
    const renderIds = rows.map(({ id }) => id);
    await createHandlers(deps)['render-codes']({ renderIds }, runningJob('render-codes', { renderIds }));
    return renderIds;
  };

  it('belong together when all is well, purged images and open work too', async () => {
    const [purged = ''] = await drawn(2);
    await acceptRows(deps, [specOf('still to be drawn')]);
    await acceptLogo(deps, await logoPicture('black', { widthPx: 40, heightPx: 40 }));
    await acceptBatch(deps, urls(250));
    await work(deps);
    await deps.objects.remove(imageKey(purged, 'png'));
    await deps.database.renders.imagesRemoved([purged], deps.now() + 1);
    expect(await findMissing(deps, always)).toEqual({ looked: 5, count: 0, first: [], isWhole: true });
    expect(await findOrphans(deps, always)).toMatchObject({ count: 0, isWhole: true });
  });

  it('without each other are counted, and the first of them named', async () => {
    const ids = await drawn(8);
    const logo = await acceptLogo(deps, await logoPicture('black', { widthPx: 40, heightPx: 40 }));
    await createHandlers(deps)['check-logo']({ logoId: logo.id }, runningJob('check-logo', { logoId: logo.id }));
    const batch = await acceptBatch(deps, urls(3));
    await work(deps);
    const lost = [
      ...ids.slice(1).map((id) => imageKey(id, 'png')),
      logoKey(logo.id),
      batchArchiveKey(batch.id, { run: 1, part: 1 }),
      batchPieceKey(batch.id, (await rowsOf(deps, batch))[0]?.result?.piece ?? ''),
    ];
    expect(await batchOf(deps, batch)).toMatchObject({ status: 'completed' });
    for (const key of lost) await deps.objects.remove(key);
    expect(await findMissing(deps, always)).toEqual({
      looked: 12,
      count: lost.length,
      first: ids
        .slice(1)
        .toSorted()
        .slice(0, 5)
        .map((id) => imageKey(id, 'png')),
      isWhole: true,
    });

    const orphans = [imageKey('rnd_nobody', 'png'), batchFileKey(batch.id.replace(/.{22}$/, 'x'.repeat(22)))];
    for (const key of [...orphans, 'somebody/elses']) await deps.objects.put(key, Buffer.from('x'), png);
    expect(await findOrphans(deps, always)).toMatchObject({ count: 0 });
    deps.clock.now += dayMs + 60_000;
    const found = await findOrphans(deps, always);
    expect(found).toMatchObject({ count: 2, isWhole: true });
    expect(found.first.toSorted()).toEqual(orphans.toSorted());
    expect(await findOrphans(deps, always)).toEqual(found);
  });

  it('that a purge parts in this moment are not told', async () => {
    const [id = ''] = await drawn(1);
    await deps.objects.remove(imageKey(id, 'png'));
    deps.pause = () => deps.database.renders.imagesRemoved([id], deps.now() + 1);
    expect(await findMissing(deps, always)).toMatchObject({ looked: 1, count: 0 });

    const batch = await acceptBatch(deps, urls(3));
    await work(deps);
    deps.clock.now += 8 * dayMs;
    await purgeEverything({ ...deps, onPurged: () => undefined });
    expect(await batchOf(deps, batch)).toMatchObject({ purgedAt: expect.any(Number) });
    expect(await findMissing(deps, always)).toMatchObject({ count: 0 });
  });

  it('are gone through until time is up', async () => {
    await drawn(1);
    await acceptLogo(deps, await logoPicture('black', { widthPx: 40, heightPx: 40 }));
    expect(await findMissing(deps, () => false)).toMatchObject({ looked: 1, isWhole: false });
  });
});
