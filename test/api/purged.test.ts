import { describe, expect, it } from 'vitest';
import { newBody, startApi } from './support/api-under-test.ts';

const day = 86_400_000;
const api = await startApi();

/** Renders that nobody used for longer than rows are kept, their images removed. */
async function forgotten(count: number): Promise<{ id: string; body: Record<string, unknown> }[]> {
  const bodies = Array.from({ length: count }, () => newBody());
  const answers = await Promise.all(bodies.map((body) => api.post('/v1/renders', body)));
  const rows = answers.map((answer, index) => ({ id: answer.json().id as string, body: bodies[index] ?? {} }));
  api.advance(401 * day);
  await api.database.renders.imagesRemoved(
    rows.map(({ id }) => id),
    api.deps.now() - 30 * day,
  );
  for (const key of api.objects.stored.keys()) await api.objects.remove(key);
  api.cached.clear();
  return rows;
}

const purge = () => api.database.renders.removeUnused({ isAnonymous: false, before: api.deps.now() - 400 * day }, 1);

describe('A render that nobody used for long', () => {
  it('is drawn again when it is asked for, and kept from then on', async () => {
    const [row] = await forgotten(1);
    const other = await startApi({ beside: api });
    const image = await other.call(`/v1/renders/${row?.id}/image`, { key: null });
    expect([image.status, image.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(await purge()).toBe(0);
  });

  it('is never answered as completed and gone when the purge comes at the same time', async () => {
    const rows = await forgotten(40);
    let purged = 0;
    const purging = (async () => {
      for (let round = 0; round < rows.length; round++) purged += await purge();
    })();
    const asked = rows.toReversed().map(async ({ id, body }) => {
      const answer = (await api.post('/v1/renders', body)).json();
      expect(answer).toMatchObject({ id, status: 'completed' });
      expect(await api.database.renders.find(id)).not.toBeNull();
      expect((await api.call(`/v1/renders/${id}/image`, { key: null })).status).toBe(200);
    });
    await Promise.all([purging, ...asked]);
    expect(purged).toBeGreaterThan(0);
    expect(await purge()).toBe(0);
  });
});
