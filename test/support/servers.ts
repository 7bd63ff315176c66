import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, inject, it } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string;
  }
}

export { type S3Server, servers, uniquePrefix } from './test-variables.ts';

/** The redis-server that this test run started for itself; always there. Files share it: keep to `uniquePrefix()`. */
export function redisUrl(): string {
  return inject('redisUrl');
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
