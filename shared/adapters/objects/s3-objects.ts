import type { Readable } from 'node:stream';
import { Client } from 'minio';
import type { S3Config } from '../../config.ts';
import { unavailable } from '../../errors.ts';
import { checkKey, checkPrefix } from './object-names.ts';
import type { ByteRange, ObjectStore } from './objects.ts';
import { codeOf, reaching, s3Error, unlessMissing } from './s3-error.ts';
import { openS3Transport } from './s3-transport.ts';
import { beginningOf, joined, uploadAll, uploadBytes } from './s3-upload.ts';

/** Parts in which an object is streamed. */
const readBytes = 4 * 1024 * 1024;

/**
 * Opens a bucket of an S3 server and makes it when it is missing. S3 stores an object whole or not at all, and durably, always.
 *
 * @throws AppError `unavailable` when the server does not answer or refuses the keys
 */
export async function openS3Objects(config: S3Config): Promise<ObjectStore> {
  const { bucket } = config;
  const { client, agent } = createClient(config);
  try {
    await reaching('open the bucket', () => makeBucket(client, config));
  } catch (error) {
    agent.destroy();
    throw error;
  }

  const put = async (key: string, bytes: Buffer, contentType: string): Promise<void> => {
    checkKey(key);
    await reaching(`store ${key}`, () =>
      client.putObject(bucket, key, bytes, bytes.length, { 'Content-Type': contentType }),
    );
  };

  return {
    put: (key, bytes, { contentType }) => put(key, bytes, contentType),

    async putStream(key, chunks, { contentType }) {
      checkKey(key);
      const source = chunks[Symbol.asyncIterator]();
      const { head, isWhole } = await beginningOf(source);
      if (isWhole) return put(key, head, contentType);
      const store = (stream: Readable) =>
        client.putObject(bucket, key, stream, undefined, { 'Content-Type': contentType });
      try {
        await uploadAll(joined(head, source), store, `store ${key}`);
      } catch (error) {
        await client.removeIncompleteUpload(bucket, key).catch(() => undefined); // what stays is the bucket's to expire
        throw error;
      }
    },

    async get(key) {
      checkKey(key);
      return reaching(`read ${key}`, () => readObject(client, bucket, key));
    },

    async getStream(key, range) {
      checkKey(key);
      const readPart = ({ offset, sizeBytes }: ByteRange): Promise<Buffer | null> =>
        reaching(`read ${key}`, () => readObject(client, bucket, key, { offset, sizeBytes }));
      const first = await readPart({ ...range, sizeBytes: Math.min(range.sizeBytes, readBytes) });
      return first && readParts(first, range, readPart);
    },

    async remove(key) {
      checkKey(key);
      await reaching(`remove ${key}`, () => client.removeObject(bucket, key));
    },

    list: (prefix, after) => listKeys(client, bucket, checkPrefix(prefix), after),

    async modifiedAt(key) {
      checkKey(key);
      return reaching(`look at ${key}`, async () => {
        const facts = await unlessMissing(client.statObject(bucket, key));
        return facts?.lastModified.getTime() ?? null;
      });
    },

    removeUnfinished: (before) => reaching('remove unfinished uploads', () => abortUploads(client, bucket, before)),

    async ping() {
      const exists = await reaching('ask for the bucket', () => client.bucketExists(bucket));
      if (!exists) throw unavailable('storage_unavailable', `The object store has no bucket ${bucket}`);
    },

    close: async () => agent.destroy(),
  };
}

function createClient({ endpoint, accessKey, secretKey, region }: S3Config) {
  const { protocol, hostname, port } = new URL(endpoint);
  const useSSL = protocol === 'https:';
  const { agent, transport } = openS3Transport(useSSL);
  const client = new Client({
    endPoint: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (useSSL ? 443 : 80) : Number(port),
    useSSL,
    accessKey,
    secretKey,
    region, // else every bucket costs a question first
    partSize: uploadBytes,
    transport: transport as NonNullable<ConstructorParameters<typeof Client>[0]['transport']>,
    transportAgent: agent,
    retryOptions: { disableRetry: true }, // it waits and writes to the console; whoever calls us has a backoff of its own
  });
  return { client, agent };
}

async function makeBucket(client: Client, { bucket, region }: S3Config): Promise<void> {
  if (await client.bucketExists(bucket)) return;
  try {
    await client.makeBucket(bucket, region);
  } catch (error) {
    if (codeOf(error) !== 'BucketAlreadyOwnedByYou') throw error; // another process was faster
  }
}

/** Each part is a request of its own, read at once: a slow reader keeps no connection, and none runs out of time. */
async function* readParts(
  first: Buffer,
  { offset, sizeBytes }: ByteRange,
  readPart: (range: ByteRange) => Promise<Buffer | null>,
): AsyncGenerator<Buffer, void> {
  yield first;
  for (let read = first.length; read < sizeBytes; ) {
    const part = await readPart({ offset: offset + read, sizeBytes: Math.min(readBytes, sizeBytes - read) });
    if (part === null || part.length === 0)
      throw unavailable('storage_unavailable', 'An object ended while it was read');
    read += part.length;
    yield part;
  }
}

async function readObject(client: Client, bucket: string, key: string, range?: ByteRange): Promise<Buffer | null> {
  const read = async (): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    if (range?.sizeBytes === 0) return (await client.statObject(bucket, key)) && Buffer.alloc(0);
    const reading = range
      ? client.getPartialObject(bucket, key, range.offset, range.sizeBytes)
      : client.getObject(bucket, key);
    for await (const chunk of await reading) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  };
  return unlessMissing(read());
}

/** Ends uploads in parts whose writers died: their parts are no object, and cost as much. */
async function abortUploads(client: Client, bucket: string, before: number): Promise<number> {
  let removed = 0;
  let [key, upload] = ['', ''];
  for (let isLast = false; !isLast; ) {
    const page = await client.listIncompleteUploadsQuery(bucket, '', key, upload, '');
    for (const { key: name, uploadId, initiated } of page.uploads) {
      if (new Date(initiated).getTime() >= before) continue;
      await client.abortMultipartUpload(bucket, name, uploadId);
      removed++;
    }
    [key, upload] = [page.nextKeyMarker, page.nextUploadIdMarker];
    isLast = !page.isTruncated;
  }
  return removed;
}

async function* listKeys(client: Client, bucket: string, prefix: string, after?: string): AsyncGenerator<string> {
  try {
    for await (const item of client.listObjectsV2(bucket, prefix, true, after)) {
      const { name } = item as { name?: string };
      if (name !== undefined) yield name;
    }
  } catch (error) {
    throw s3Error('list the objects', error);
  }
}
