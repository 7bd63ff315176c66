import { randomBytes } from 'node:crypto';

export type S3Server = { endpoint: string; accessKey: string; secretKey: string };

function variable(name: string): string | null {
  return process.env[name]?.trim() || null;
}

function s3Server(): S3Server | null {
  const endpoint = variable('TEST_S3_ENDPOINT');
  const accessKey = variable('TEST_S3_ACCESS_KEY');
  const secretKey = variable('TEST_S3_SECRET_KEY');
  return endpoint && accessKey && secretKey ? { endpoint, accessKey, secretKey } : null;
}

/** Servers that the person who runs the tests has started; null where the TEST_ variable is not set. */
export const servers = {
  redis: variable('TEST_REDIS_URL'),
  mongo: variable('TEST_MONGO_URL'),
  s3: s3Server(),
  toxiproxy: variable('TEST_TOXIPROXY_URL'),
};

/** A prefix for Redis keys, database names or buckets that no other test uses: `t` and 12 hex digits. */
export function uniquePrefix(): string {
  return `t${randomBytes(6).toString('hex')}`;
}
