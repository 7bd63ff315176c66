import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../support/client.ts';
import { decodeWithZxing } from '../support/decode.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { type OurProcess, signalIfAlive } from '../support/our-process.ts';
import { seededLot, shuffled } from '../support/seeded.ts';
import { describeOnStores } from '../support/store-columns.ts';
import { hasUnzip, unzip } from '../support/unzip.ts';

/** TEST_SEED of a run that failed brings its moments back. */
const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 1_000_000));
const badEvery = 50;

type Batch = { id: string; status: string; counts: Record<string, number>; archive: { url: string } | null };

const isBad = (row: number): boolean => row % badEvery === 0;
const targetOf = (row: number): string => `https://example.com/${row}`;

function csvOf(rows: number): string {
  const lines = Array.from({ length: rows }, (_, index) => {
    const row = index + 1;
    return `${isBad(row) ? `nothing:${row}` : targetOf(row)},table ${row}`;
  });
  return `target,codeTitle\n${lines.join('\n')}\n`;
}

async function upload({ client }: Deployment, csv: string): Promise<string> {
  const answer = await fetch(`${client.baseUrl}/v1/batches?mode=dynamic&size=200`, {
    method: 'POST',
    headers: { authorization: client.authorization, 'content-type': 'text/csv' },
    body: csv,
  });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as Batch).id;
}

/** Everything that a list has, page by page. */
async function allOf<Item>({ client }: Deployment, list: string): Promise<Item[]> {
  const all: Item[] = [];
  for (let cursor = ''; ; ) {
    const answer = await client.get(`${list}&sort=createdAt&limit=200${cursor}`);
    const page = (await answer.json()) as { data: Item[]; nextCursor: string | null };
    all.push(...page.data);
    if (page.nextCursor === null) return all;
    cursor = `&cursor=${page.nextCursor}`;
  }
}

describeOnStores('A batch while processes are killed', (stores) => {
  let deployment: Deployment;
  afterEach(() => deployment.destroy());
  const isEmbedded = Object.keys(stores()).length === 0;
  const rows = Number(process.env.TEST_BATCH_ROWS ?? (isEmbedded ? 5000 : 1500));

  const lot = seededLot(seed);
  const someMs = (least: number, most: number): number => least + lot() * (most - least);

  /** kill -9, in an order and at moments by lot, of a worker, the API, Redis and the whole pool, until the batch is over. */
  async function killUntil(isOver: () => boolean, api: OurProcess, workers: OurProcess) {
    const kills = { api: 0, worker: 0, redis: 0, pool: 0 };
    let [livingApi, livingPool] = [api, workers];
    const kill = {
      async api() {
        await livingApi.end('SIGKILL');
        livingApi = await deployment.startApi();
      },
      async worker() {
        const pids = await livingPool.descendants();
        const pid = pids[Math.floor(lot() * pids.length)];
        if (pid !== undefined) signalIfAlive(pid, 'SIGKILL');
      },
      async pool() {
        await livingPool.killTree();
        livingPool = await deployment.startWorkers();
      },
      async redis() {
        await deployment.redis.kill();
        await pause(someMs(0, 500));
        await deployment.redis.start();
      },
    };
    // Each once in quick succession, none waiting for the others to be back, so that all of it falls into the batch's time.
    const restarts: Promise<void>[] = [];
    for (const victim of shuffled(['worker', 'api', 'redis'] as const, lot)) {
      await pause(someMs(50, 300));
      if (!isOver()) kills[victim]++;
      restarts.push(kill[victim]());
    }
    await Promise.all(restarts);
    for (const victim of shuffled(['worker', 'worker', 'api', 'redis', 'pool', 'worker'] as const, lot)) {
      await pause(someMs(100, 1200));
      if (isOver()) break;
      kills[victim]++;
      await kill[victim]();
    }
    return kills;
  }

  it.skipIf(!hasUnzip)(
    `has each good row in its ZIP once and each bad row in the manifest once, and makes no code twice and puts each on record once (TEST_SEED=${seed})`,
    async () => {
      deployment = await prepareDeployment({ stores: stores() });
      const api = await deployment.startApi();
      const workers = await deployment.startWorkers();
      let ended: Batch | null = null;
      const id = await upload(deployment, csvOf(rows));
      const ending = eventually(
        'the batch is over',
        async () => {
          const batch = (await (await deployment.client.get(`/v1/batches/${id}`)).json()) as Batch;
          if (batch.status === 'completed' || batch.status === 'failed') ended = batch;
          return ended;
        },
        240_000,
      );
      const kills = await killUntil(() => ended !== null, api, workers);
      const batch = await ending;
      for (const kind of ['api', 'worker', 'redis'] as const) expect(kills[kind]).toBeGreaterThan(0);

      const bad = Math.floor(rows / badEvery);
      const counts = { total: rows, completed: rows - bad, failed: bad, queued: 0, running: 0, cancelled: 0 };
      expect(batch).toMatchObject({ status: 'completed', counts });

      const zip = await deployment.client.get(`/v1/batches/${batch.id}/archive`);
      const { images, manifest } = await unzip(Buffer.from(await zip.arrayBuffer()));
      expect(manifest.map(({ row }) => row)).toEqual(Array.from({ length: rows }, (_, index) => index + 1));
      expect(manifest.filter(({ error }) => error !== null).map(({ row }) => row)).toEqual(
        Array.from({ length: bad }, (_, index) => (index + 1) * badEvery),
      );
      const good = manifest.filter(({ error }) => error === null);
      expect(good.map(({ row, content }) => [row, content])).toEqual(
        good.map(({ row, shortUrl }) => [row, shortUrl?.toUpperCase()]),
      );
      expect([...images.keys()].sort()).toEqual(good.map(({ file }) => file).sort());
      for (const { file, sha256 } of good)
        expect(
          createHash('sha256')
            .update(images.get(file ?? '') ?? '')
            .digest('hex'),
        ).toBe(sha256);
      for (const { file, content } of good.slice(0, 20))
        expect((await decodeWithZxing(images.get(file ?? '') as Buffer))?.text).toBe(content);

      const codes = await allOf<{ id: string; slug: string; target: string }>(
        deployment,
        `/v1/codes?batchId=${batch.id}`,
      );
      expect(codes.map(({ target }) => target).sort()).toEqual(good.map(({ row }) => targetOf(row)).sort());
      expect(new Set(codes.map(({ slug }) => slug)).size).toBe(good.length);

      const recorded = await allOf<{ objectId: string }>(deployment, '/v1/audit?action=code.create');
      expect(recorded.map(({ objectId }) => objectId).sort()).toEqual(codes.map((code) => code.id).sort());
    },
  );
});
