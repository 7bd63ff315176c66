import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogoRow } from '../../shared/adapters/database/database.ts';
import { createHandlers } from '../../workers/handlers.ts';
import { createProcessJob } from '../../workers/process-job.ts';
import { acceptLogo, acceptRows, openDeps, renderOf, runningJob, specOf, type TestDeps } from './support/work-deps.ts';

let deps: TestDeps;
let png: Buffer;

beforeEach(async () => {
  deps = await openDeps();
  png = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#336699' } })
    .png()
    .toBuffer();
});
afterEach(() => deps.close());

type LogoJob = 'check-logo' | 'check-suspect-logo';

function run(logoId: string, name: LogoJob = 'check-logo', more = {}) {
  return createProcessJob(createHandlers(deps), deps)(runningJob(name, { logoId }, more));
}

async function rowOf(id: string): Promise<LogoRow> {
  const row = await deps.database.logos.find(id);
  if (row === null) throw new Error(`No logo ${id}`);
  return row;
}

describe('check-logo', () => {
  it('notes the size of a logo that decodes and tells whoever waits', async () => {
    const { id } = await acceptLogo(deps, png);
    expect(await run(id)).toEqual({ verdict: 'done' });
    expect(await rowOf(id)).toMatchObject({ status: 'completed', result: { widthPx: 40, heightPx: 30 } });
    expect(deps.queues.announced).toEqual([id]);
  });

  it('fails one that is cut short, with the reason', async () => {
    const { id } = await acceptLogo(deps, png.subarray(0, 60));
    expect(await run(id)).toEqual({ verdict: 'done' });
    const { status, error } = await rowOf(id);
    expect(status).toBe('failed');
    expect(error?.code).toMatch(/^\w+$/);
    expect(error?.detail).not.toBe('');
  });

  it('fails one of more pixels than are accepted', async () => {
    deps.logoPixels = 1000;
    const { id } = await acceptLogo(deps, png);
    expect(await run(id)).toEqual({ verdict: 'done' });
    expect((await rowOf(id)).status).toBe('failed');
  });

  it('waits for a store that is away, and fails the logo at the last attempt', async () => {
    const { id } = await acceptLogo(deps, png);
    deps.objects.isAway = true;
    expect((await run(id)).verdict).toBe('retry');
    expect((await rowOf(id)).status).toBe('queued');
    expect(await run(id, 'check-logo', { lastAttempt: true, attempt: 66 })).toEqual({ verdict: 'done' });
    expect((await rowOf(id)).error?.code).toBe('storage_unavailable');
  });

  it('makes a suspect of one whose job stalled, and fails it after three starts', async () => {
    const { id } = await acceptLogo(deps, png);
    expect(await run(id, 'check-logo', { stalls: 1 })).toEqual({ verdict: 'done' });
    expect(deps.queues.added).toMatchObject([{ name: 'check-suspect-logo', payload: { logoId: id } }]);
    for (let start = 1; start <= 3; start++) await deps.database.logos.countStart(id, deps.now());
    expect(await run(id, 'check-suspect-logo')).toEqual({ verdict: 'done' });
    expect((await rowOf(id)).error?.code).toBe('logo_crashed');
  });

  it('completes a suspect that decodes after all', async () => {
    const { id } = await acceptLogo(deps, png);
    await run(id, 'check-logo', { stalls: 1 });
    expect(await run(id, 'check-suspect-logo')).toEqual({ verdict: 'done' });
    expect(await rowOf(id)).toMatchObject({ status: 'completed', starts: 1 });
  });
});

describe('a render with a logo', () => {
  it('is drawn with the bytes of the store', async () => {
    const { id: logoId } = await acceptLogo(deps, png);
    await run(logoId);
    const logo = { id: logoId, ratio: 0.2 };
    const [plain, marked] = await acceptRows(deps, [
      specOf('same', { errorCorrection: 'H' }),
      specOf('same', { errorCorrection: 'H', logo }),
    ]);
    const renderIds = [plain?.id ?? '', marked?.id ?? ''];
    await createProcessJob(createHandlers(deps), deps)(runningJob('render-codes', { renderIds }));
    const [one, other] = await Promise.all(renderIds.map((id) => renderOf(deps, id)));
    expect([one?.error, other?.error]).toEqual([null, null]);
    expect(other?.result?.sha256).not.toBe(one?.result?.sha256);
  });

  it('fails when the logo is gone, and checks for itself one whose check has not ended', async () => {
    const { id: unchecked } = await acceptLogo(deps, png);
    const { id: damaged } = await acceptLogo(deps, png.subarray(0, png.length - 20));
    const specs = ['logo_none', damaged, unchecked].map((id) => specOf(id, { logo: { id, ratio: 0.2 } }));
    const renderIds = (await acceptRows(deps, specs)).map(({ id }) => id);
    const verdict = await createProcessJob(createHandlers(deps), deps)(runningJob('render-codes', { renderIds }));
    expect(verdict.verdict).toBe('done');
    const ended = await Promise.all(renderIds.map((id) => renderOf(deps, id)));
    const outcomes = ended.map(({ status, error }) => error?.code ?? status);
    expect(outcomes).toEqual(['logo_not_found', 'logo_damaged', 'completed']);
    expect(ended[1]?.error?.pointer).toBe('/logo');
  });
});
