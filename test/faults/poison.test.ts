import { afterEach, expect, it } from 'vitest';
import { distinctSpec } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { type OurProcess, parseLogLine } from '../support/our-process.ts';
import { acceptRenders, expectAllCompleted, whenAllEnded } from '../support/renders.ts';
import { describeOnStores } from '../support/store-columns.ts';

/** In which kind of process each try of the poisonous spec ended. */
function triesOf({ lines }: OurProcess): unknown[] {
  return lines.map(parseLogLine).flatMap((line) => (line?.msg === 'poisoned' ? [line.kind] : []));
}

describeOnStores('A spec that crashes its process each time', (stores) => {
  let deployment: Deployment;
  afterEach(() => deployment.destroy());

  it('fails after three tries, and every one of a thousand good ones among which it stands completes', async () => {
    deployment = await prepareDeployment({ stores: stores(), workersEntry: 'test/support/poison-workers.js' });
    await deployment.startApi();
    const workers = await deployment.startWorkers();
    const { client } = deployment;

    const good = acceptRenders(client, 500);
    const [poison = ''] = await acceptRenders(client, 1, () => ({
      content: { type: 'url', url: 'https://example.com/poison' },
    }));
    const ids = [...(await good), ...(await acceptRenders(client, 500, () => distinctSpec({ size: 600 })))];

    const [failed] = await whenAllEnded(client, [poison]);
    expect(failed?.status).toBe('failed');
    expect(failed?.error).toMatchObject({ code: 'render_crashed' });
    // Among others first, in a job that then stalled; the three that count follow, each on its own.
    expect(triesOf(workers)).toEqual(['pool', 'suspect', 'suspect', 'suspect']);
    await expectAllCompleted(client, ids);
    expect((await fetch(`${client.baseUrl}/v1/renders/${poison}/image`)).status).toBeGreaterThanOrEqual(400);
  });
});
