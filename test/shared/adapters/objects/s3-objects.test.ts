import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from 'minio';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectObjects } from '../../../../shared/adapters/objects/connect-objects.ts';
import type { ObjectStore } from '../../../../shared/adapters/objects/objects.ts';
import { objectsSuite } from '../../../suites/objects.ts';
import { describeOn, type S3Server, servers, uniquePrefix } from '../../../support/servers.ts';
import { proxyTo, type ServerProxy } from '../../../support/toxiproxy.ts';

const png = { contentType: 'image/png', durable: false };
const away = { kind: 'unavailable', code: 'storage_unavailable' };

const open = (s3: S3Server, bucket: string) =>
  connectObjects({ s3: { ...s3, bucket, region: 'us-east-1' }, dataDir: '/nowhere' });

function plainClient({ endpoint, accessKey, secretKey }: S3Server): Client {
  const { hostname, port } = new URL(endpoint);
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey,
    secretKey,
    region: 'us-east-1',
  });
}

async function removeBucket(s3: S3Server, bucket: string): Promise<void> {
  const client = plainClient(s3);
  const names: string[] = [];
  for await (const { name } of client.listObjectsV2(bucket, '', true)) if (name) names.push(name);
  await client.removeObjects(bucket, names);
  await client.removeBucket(bucket);
}

async function elapsedMs(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}

describeOn('objects on S3', servers.s3, (s3) => {
  const bucket = uniquePrefix();
  afterAll(() => removeBucket(s3, bucket));

  objectsSuite(() => open(s3, bucket)); // the bucket is not there yet

  it('tells the server the content type', async () => {
    const store = await open(s3, bucket);
    await store.put('typed.svg', Buffer.from('<svg/>'), { contentType: 'image/svg+xml', durable: true });
    const { metaData } = await plainClient(s3).statObject(bucket, 'typed.svg');
    expect(metaData).toMatchObject({ 'content-type': 'image/svg+xml' });
    await store.close();
  });

  it('does not connect with keys that the server refuses', async () => {
    await expect(open({ ...s3, secretKey: 'another-secret' }, bucket)).rejects.toMatchObject(away);
  });
});

describeOn(
  'objects on S3 behind a bad network',
  servers.s3 && servers.toxiproxy ? { s3: servers.s3, toxiproxy: servers.toxiproxy } : null,
  ({ s3, toxiproxy }) => {
    const bucket = uniquePrefix();
    let proxy: ServerProxy;
    let store: ObjectStore;
    beforeAll(async () => {
      proxy = await proxyTo(toxiproxy, new URL(s3.endpoint).host);
      store = await open({ ...s3, endpoint: `http://${proxy.host}` }, bucket);
    });
    afterEach(() => proxy.restore());
    afterAll(async () => {
      await store.close();
      await proxy.remove();
      await removeBucket(s3, bucket);
    });

    it('keeps the old object when an upload is cut in the middle, and stores the new one afterwards', async () => {
      await store.put('renders/cut', Buffer.from('old'), png);
      const bytes = randomBytes(3_000_000);
      await proxy.cutUploadsAfter(1_000_000);
      await expect(store.put('renders/cut', bytes, png)).rejects.toMatchObject(away);
      await expect(store.put('renders/never', bytes, png)).rejects.toMatchObject(away);
      await proxy.restore();
      expect(String(await store.get('renders/cut'))).toBe('old');
      expect(await store.get('renders/never')).toBeNull();
      await store.put('renders/cut', bytes, png);
      expect(bytes.equals((await store.get('renders/cut')) as Buffer)).toBe(true); // toEqual takes minutes for megabytes
    });

    it('fails at once while the server is away, and works when it is back', async () => {
      await proxy.cut();
      const tookMs = await elapsedMs(async () => {
        await expect(store.put('renders/x', Buffer.from('x'), png)).rejects.toMatchObject(away);
        await expect(store.get('renders/x')).rejects.toMatchObject(away);
        await expect(store.ping()).rejects.toMatchObject(away);
      });
      expect(tookMs).toBeLessThan(3000);
      await proxy.restore();
      await store.put('renders/x', Buffer.from('x'), png);
      await store.ping();
    });

    it('gives up on a server that takes too long, within about ten seconds', async () => {
      await proxy.slow(20_000);
      const tookMs = await elapsedMs(() =>
        Promise.all([
          expect(store.put('renders/slow', Buffer.from('x'), png)).rejects.toMatchObject(away),
          expect(store.get('renders/slow')).rejects.toMatchObject(away),
        ]),
      );
      expect(tookMs).toBeGreaterThan(5000);
      expect(tookMs).toBeLessThan(13_000);
      await proxy.restore();
      await store.put('renders/slow', Buffer.from('x'), png);
    });
  },
);

describe('objects on an S3 server that misbehaves', () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  async function openOn(listener: RequestListener): Promise<ObjectStore> {
    const server = createServer((request, response) => {
      if (request.method === 'HEAD')
        response.end(); // the bucket is there
      else listener(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const store = await open({ endpoint: `http://127.0.0.1:${port}`, accessKey: 'key', secretKey: 'secret' }, 'bucket');
    closers.push(() => {
      void store.close();
      server.close();
      server.closeAllConnections();
    });
    return store;
  }

  it('loses no connection to answers that say try again', async () => {
    const store = await openOn((request, response) => {
      request.resume();
      response.writeHead(503).end('x'.repeat(10_000));
    });
    const asked = Array.from({ length: 300 }, () => expect(store.get('a')).rejects.toMatchObject(away));
    expect(await elapsedMs(() => Promise.all(asked))).toBeLessThan(8000);
  });

  it('gives no object whose end is missing', async () => {
    const store = await openOn((_request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('only the beginning');
      setTimeout(() => response.destroy(), 50);
    });
    await expect(store.get('a')).rejects.toMatchObject(away);
  });

  it('gives up on an answer that never ends, within about ten seconds', async () => {
    const store = await openOn((_request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      const trickle = setInterval(() => response.write('.'), 500);
      response.once('close', () => clearInterval(trickle));
    });
    const tookMs = await elapsedMs(() => expect(store.get('a')).rejects.toMatchObject(away));
    expect(tookMs).toBeLessThan(13_000);
  });

  it('has uploads in parts ended whose writers died, and no others', async () => {
    const upload = (name: string, at: string) =>
      `<Upload><Key>batches/${name}</Key><UploadId>${name}</UploadId><Initiated>${at}</Initiated></Upload>`;
    const uploads = upload('old', '2026-01-01T00:00:00.000Z') + upload('new', '2026-01-03T00:00:00.000Z');
    const ended: string[] = [];
    const store = await openOn((request, response) => {
      if (request.method === 'DELETE') {
        ended.push(String(request.url));
        response.writeHead(204).end();
      } else response.end(`<ListMultipartUploadsResult>${uploads}</ListMultipartUploadsResult>`);
    });
    expect(await store.removeUnfinished(Date.UTC(2026, 0, 2))).toBe(1);
    expect(ended).toEqual(['/bucket/batches/old?uploadId=old']);
  });

  it('says that the storage is full', async () => {
    const store = await openOn((request, response) => {
      request.resume();
      response.writeHead(507).end('<Error><Code>XMinioStorageFull</Code><Message>full</Message></Error>');
    });
    await expect(store.put('a', Buffer.from('x'), png)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'storage_full',
    });
  });
});
