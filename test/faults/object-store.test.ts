import { afterEach, beforeEach, expect, it } from 'vitest';
import { distinctSpec, eventually } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { acceptRenders, expectAllCompleted } from '../support/renders.ts';
import { describeOn, servers, uniquePrefix } from '../support/servers.ts';
import { proxyTo, type ServerProxy } from '../support/toxiproxy.ts';

const needed = servers.s3 && servers.toxiproxy ? { s3: servers.s3, toxiproxy: servers.toxiproxy } : null;

describeOn('An object store', needed, ({ s3, toxiproxy }) => {
  let deployment: Deployment;
  let proxy: ServerProxy;

  beforeEach(async () => {
    proxy = await proxyTo(toxiproxy, new URL(s3.endpoint).host);
    deployment = await prepareDeployment({
      stores: {
        S3_ENDPOINT: `http://${proxy.host}`,
        S3_ACCESS_KEY: s3.accessKey,
        S3_SECRET_KEY: s3.secretKey,
        S3_BUCKET: uniquePrefix(),
      },
    });
    await deployment.startApi();
    await deployment.startWorkers();
  });
  afterEach(async () => {
    await deployment.destroy();
    await proxy.remove();
  });

  const statuses = async (ids: string[]) =>
    Promise.all(ids.map(async (id) => (await deployment.client.render(id)).status));

  it('that is down completes nothing until it is back, then everything', async () => {
    await proxy.cut();
    const ids = await acceptRenders(deployment.client, 60);
    await eventually(
      'the workers have tried',
      async () => (await fetch(`${deployment.client.baseUrl}/readyz`)).status === 503,
    );
    expect(new Set(await statuses(ids))).toEqual(new Set(['queued']));
    await proxy.restore();
    await expectAllCompleted(deployment.client, ids);
  });

  it('that cuts uploads in the middle leaves no render completed without its object', async () => {
    await proxy.cutUploadsAfter(700);
    const ids = await acceptRenders(deployment.client, 40, () => distinctSpec({ size: 2000, errorCorrection: 'H' }));
    await expect(
      eventually('a render completes', async () => (await statuses(ids)).includes('completed'), 3000),
    ).rejects.toThrow();
    await proxy.restore();
    await expectAllCompleted(deployment.client, ids);
  });

  it('that is slow only makes renders slow', async () => {
    await proxy.slow(1500);
    const ids = await acceptRenders(deployment.client, 60);
    await expectAllCompleted(deployment.client, ids);
  });
});
