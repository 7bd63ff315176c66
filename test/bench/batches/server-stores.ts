import { randomBytes } from 'node:crypto';

function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`This needs ${name}; README.md shows how to start the servers`);
  return value;
}

/** Variables of the servers that TEST_ variables name, a database and a bucket of their own; both are left there. */
export function serverStores({ mongo, s3 }: { mongo: boolean; s3: boolean }): Record<string, string> {
  const own = `bench${randomBytes(6).toString('hex')}`;
  return {
    ...(mongo && { MONGO_URL: `${variable('TEST_MONGO_URL')}/${own}` }),
    ...(s3 && {
      S3_ENDPOINT: variable('TEST_S3_ENDPOINT'),
      S3_ACCESS_KEY: variable('TEST_S3_ACCESS_KEY'),
      S3_SECRET_KEY: variable('TEST_S3_SECRET_KEY'),
      S3_BUCKET: own,
    }),
  };
}
