import { Client } from 'minio';
import { createConnection } from 'mongoose';
import { afterAll, describe } from 'vitest';
import { describeOn, type S3Server, servers, uniquePrefix } from './servers.ts';

/** The stores that a suite of processes runs on: makes the variables that name them, a database and bucket of their own. */
export type StoreColumn = () => Record<string, string>;

const embedded: StoreColumn = () => ({});

async function dropDatabase(url: string): Promise<void> {
  const connection = await createConnection(url).asPromise();
  await connection.dropDatabase();
  await connection.close();
}

async function removeBucket({ endpoint, accessKey, secretKey }: S3Server, bucket: string): Promise<void> {
  const { hostname, port, protocol } = new URL(endpoint);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: protocol === 'https:',
    accessKey,
    secretKey,
    region: 'us-east-1',
  });
  if (!(await client.bucketExists(bucket))) return;
  const names: string[] = [];
  for await (const { name } of client.listObjectsV2(bucket, '', true)) if (name) names.push(name);
  await client.removeObjects(bucket, names);
  await client.removeBucket(bucket);
}

/** Runs a suite of processes twice: on SQLite and a folder, and on the MongoDB and S3 that TEST_ variables name. */
export function describeOnStores(name: string, suite: (stores: StoreColumn) => void): void {
  describe(`${name}, on SQLite and a folder`, () => suite(embedded));
  describeOn(
    `${name}, on MongoDB and S3`,
    servers.mongo && servers.s3 ? { mongo: servers.mongo, s3: servers.s3 } : null,
    ({ mongo, s3 }) => {
      const used: string[] = [];
      suite(() => {
        const own = uniquePrefix();
        used.push(own);
        return {
          MONGO_URL: `${mongo}/${own}`,
          S3_ENDPOINT: s3.endpoint,
          S3_ACCESS_KEY: s3.accessKey,
          S3_SECRET_KEY: s3.secretKey,
          S3_BUCKET: own,
        };
      });
      afterAll(async () => {
        for (const own of used.splice(0)) {
          await dropDatabase(`${mongo}/${own}`);
          await removeBucket(s3, own);
        }
      });
    },
  );
}
