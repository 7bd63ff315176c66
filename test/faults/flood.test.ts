import { afterEach, expect, it } from 'vitest';
import type { BatchAnswer } from '../../shared/contract/batch-answer.ts';
import { eventually } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { describeOnStores } from '../support/store-columns.ts';

const batches = 3;
const rowsOfEach = 3000;

describeOnStores('A tenant that floods batches', (stores) => {
  let deployment: Deployment;
  afterEach(() => deployment.destroy());

  const startBatch = async (number: number): Promise<string> => {
    const lines = Array.from({ length: rowsOfEach }, (_, index) => `https://example.com/${number}/${index + 1}`);
    const answer = await fetch(`${deployment.client.baseUrl}/v1/batches?size=1000`, {
      method: 'POST',
      headers: { authorization: `Bearer ${deployment.apiKey}`, 'content-type': 'text/csv' },
      body: lines.join('\n'),
    });
    expect(answer.status).toBe(202);
    return ((await answer.json()) as BatchAnswer).id;
  };

  const endedRows = async (ids: string[]): Promise<number> => {
    let ended = 0;
    for (const id of ids) {
      const { counts } = (await (await deployment.client.get(`/v1/batches/${id}`)).json()) as BatchAnswer;
      ended += counts.completed + counts.failed;
    }
    return ended;
  };

  it("lets another's single renders pass: each is done while most of the flood still waits", async () => {
    deployment = await prepareDeployment({ stores: stores(), env: { WORKER_PROCESSES: '1' } });
    await deployment.startApi();
    await deployment.startWorkers();
    const ids: string[] = [];
    for (let number = 1; number <= batches; number++) ids.push(await startBatch(number));
    await eventually('the flood is under way', async () => (await endedRows(ids)) > 0);

    for (let number = 1; number <= 5; number++) {
      // Whoever has no key is a tenant of its own.
      const image = await fetch(`${deployment.client.baseUrl}/v1/qr?data=single-${number}`);
      expect(image.status).toBe(200);
      expect((await image.arrayBuffer()).byteLength).toBeGreaterThan(0);
    }
    expect(await endedRows(ids)).toBeLessThan((batches * rowsOfEach) / 2);
  });
});
