import { Client } from 'minio';
import type { S3Config } from '../../config.ts';
import { AppError, unavailable } from '../../errors.ts';
import { checkKey, checkPrefix } from './object-names.ts';
import type { ObjectStore } from './objects.ts';
import { openS3Transport } from './s3-transport.ts';

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

  return {
    async put(key, bytes, { contentType }) {
      checkKey(key);
      await reaching(`store ${key}`, () =>
        client.putObject(bucket, key, bytes, bytes.length, { 'Content-Type': contentType }),
      );
    },

    async get(key) {
      checkKey(key);
      return reaching(`read ${key}`, () => readObject(client, bucket, key));
    },

    async remove(key) {
      checkKey(key);
      await reaching(`remove ${key}`, () => client.removeObject(bucket, key));
    },

    list: (prefix) => listKeys(client, bucket, checkPrefix(prefix)),

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

async function readObject(client: Client, bucket: string, key: string): Promise<Buffer | null> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of await client.getObject(bucket, key)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch (error) {
    if (codeOf(error) === 'NoSuchKey') return null;
    throw error;
  }
}

async function* listKeys(client: Client, bucket: string, prefix: string): AsyncGenerator<string> {
  try {
    for await (const item of client.listObjectsV2(bucket, prefix, true)) {
      const { name } = item as { name?: string };
      if (name !== undefined) yield name;
    }
  } catch (error) {
    throw s3Error('list the objects', error);
  }
}

/** A connection that breaks later than this was not a stale one. */
const staleMs = 1000;

/** Acts, and once more when a kept connection turns out to have been closed by the server meanwhile. Everything here is idempotent. */
async function reaching<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  try {
    return await act().catch((error) => {
      if (codeOf(error) === 'ECONNRESET' && performance.now() - startedAt < staleMs) return act();
      throw error;
    });
  } catch (error) {
    throw s3Error(what, error);
  }
}

function codeOf(error: unknown): string | null {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : null;
}

/** Translates what the client threw: `storage_full`, else `storage_unavailable`. */
function s3Error(what: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const code = codeOf(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (code === 'XMinioStorageFull' || code === 'QuotaExceeded' || code === 'InsufficientStorage')
    return unavailable('storage_full', `Could not ${what}: the object store is full (${code})`, cause, 30);
  return unavailable('storage_unavailable', `Could not ${what} in the object store: ${code ?? reason}`, cause);
}
