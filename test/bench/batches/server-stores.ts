import { randomBytes } from 'node:crypto';

/** Variables of MongoDB and S3 that the TEST_ variables name, a database and a bucket of their own; they are left there. */
export function serverStores(): Record<string, string> {
  const variable = (name: string): string => {
    const value = process.env[name];
    if (!value) throw new Error(`--servers needs ${name}; README.md shows how to start the servers`);
    return value;
  };
  const own = `bench${randomBytes(6).toString('hex')}`;
  return {
    MONGO_URL: `${variable('TEST_MONGO_URL')}/${own}`,
    S3_ENDPOINT: variable('TEST_S3_ENDPOINT'),
    S3_ACCESS_KEY: variable('TEST_S3_ACCESS_KEY'),
    S3_SECRET_KEY: variable('TEST_S3_SECRET_KEY'),
    S3_BUCKET: own,
  };
}
