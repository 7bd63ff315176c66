import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, inject, it } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string;
  }
}

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

/** The redis-server that this test run started for itself; always there. Files share it: keep to `uniquePrefix()`. */
export function redisUrl(): string {
  return inject('redisUrl');
}

/** A prefix for Redis keys, database names or buckets that no other test uses: `t` and 12 hex digits. */
export function uniquePrefix(): string {
  return `t${randomBytes(6).toString('hex')}`;
}

const folders: string[] = [];

afterAll(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Makes an empty folder that is removed after the test file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qrf-test-'));
  folders.push(folder);
  return folder;
}

/**
 * Describes a suite that needs `server`: with it `suite` is called with it, without it the suite is listed as skipped.
 *
 * `server` is what the suite needs (`servers.mongo`, say), or a plain condition.
 */
export function describeOn<Server>(
  name: string,
  server: Server | null | undefined | false | '',
  suite: (server: Server) => void,
): void {
  if (server) describe(name, () => suite(server));
  else describe.skip(name, () => it('runs where its TEST_ variables name a server', () => undefined));
}
