import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../shared/adapters/embedded-redis.ts';
import { type RedisProcess, startRedisProcess } from '../../support/redis-process.ts';
import { temporaryFolder } from '../../support/servers.ts';

const root = join(import.meta.dirname, '../../..');
const tls = (file: string): string => join(root, 'test/data/tls', file);

describe('the URL of Redis', () => {
  let redis: RedisProcess;
  let tlsPort: number;
  beforeAll(async () => {
    tlsPort = await freePort();
    const certificate = ['--tls-cert-file', tls('localhost-cert.pem'), '--tls-key-file', tls('localhost-key.pem')];
    redis = await startRedisProcess({
      folder: await temporaryFolder(),
      more: [
        ...['--tls-port', String(tlsPort), '--tls-auth-clients', 'no', '--tls-ca-cert-file', tls('localhost-cert.pem')],
        ...certificate,
      ],
    });
    await redis.send('ACL', 'SETUSER', 'qr', 'on', '>p@ss:wörd', '~*', '&*', '+@all', '-@admin');
  });
  afterAll(() => redis.kill());

  async function roundTrip(url: string) {
    const args = [join(root, 'dist/test/support/redis-round-trip.js'), url];
    const env = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: tls('localhost-cert.pem') };
    return promisify(execFile)(process.execPath, args, { env, timeout: 30_000 });
  }

  it('may ask for TLS, a user, a password with special characters and a database', async () => {
    const { stdout } = await roundTrip(`rediss://qr:p%40ss%3Aw%C3%B6rd@localhost:${tlsPort}/2`);
    expect(stdout).toContain('{"image":"image"}');
    const [other, second] = [new Redis(redis.url), new Redis(`${redis.url}/2`)];
    expect(await other.dbsize()).toBe(0);
    expect(await second.exists('qrf:image:job_a')).toBe(1);
    other.disconnect();
    second.disconnect();
  });

  it('keeps its password out of the log when the server refuses it', async () => {
    const failure = await roundTrip(`rediss://qr:wrong-secret@localhost:${tlsPort}/2`).catch((error) => error);
    expect(failure).toMatchObject({ code: 1 });
    expect(failure.stdout).toContain('WRONGPASS');
    expect(failure.stdout + failure.stderr).not.toContain('wrong-secret');
  });
});
