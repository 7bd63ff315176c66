import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig, type Role } from '../../shared/config.ts';
import { ConfigError } from '../../shared/config-error.ts';
import type { Environment } from '../../shared/environment-reader.ts';
import { temporaryFolder } from '../support/servers.ts';

const secretKey = 'sixteen-characters';

function mistakesOf(env: Environment, role: Role = 'start'): ConfigError {
  try {
    parseConfig(env, role);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('This configuration has no mistakes');
}

describe('the configuration', () => {
  it('is embedded and complete with nothing configured', () => {
    expect(parseConfig({}, 'start')).toEqual({
      host: '127.0.0.1',
      port: 3000,
      publicUrl: 'http://localhost:3000',
      shortUrl: 'http://localhost:3000',
      targetDeny: [],
      dataDir: resolve('data'),
      redis: { url: null, prefix: 'qrf' },
      database: { mongoUrl: null, dataDir: resolve('data') },
      objects: { s3: null, dataDir: resolve('data') },
      workers: { processes: availableParallelism(), concurrency: 4 },
      bootstrapApiKey: null,
      secretKey: null,
      openQr: true,
      webhooks: { outboundAllow: [], timeScale: 1 },
      trustedProxies: [],
      geoipDbPath: null,
      wait: { defaultMs: 300, maxMs: 30_000 },
      limits: {
        bodyBytes: 65_536,
        logoBodyBytes: 2_097_152,
        logoBytes: 1_048_576,
        logoPixels: 4_000_000,
        csvBytes: 50 * 1024 * 1024,
        csvRows: 100_000,
        csvColumns: 200,
        eventListeners: 100,
        knownCodes: 50_000,
        csvLineBytes: 65_536,
      },
      imageKeepDays: 30,
      auditKeepDays: 400,
      usageKeepDays: 800,
      batchKeepDays: 7,
      scanRetentionDays: 0,
      corsOrigins: [],
      metricsToken: null,
      quotas: { rendersPerDay: 0, batchRowsPerDay: 0 },
      rateLimits: { perKey: 100, perAddress: 10, failedAuthPerMinute: 30, unknownPerMinute: 60 },
      logLevel: 'info',
    });
  });

  it('takes an empty or blank variable as one that is not set', () => {
    expect(parseConfig({ PORT: '', OPEN_QR: '  ', S3_ACCESS_KEY: '' }, 'start')).toEqual(parseConfig({}, 'start'));
  });

  it('takes what is set', () => {
    const config = parseConfig(
      {
        HOST: '0.0.0.0',
        PORT: '8080',
        PUBLIC_URL: 'https://qr.example.com/codes//',
        SHORT_URL: 'https://Q.example.com:443/',
        TARGET_DENY: 'evil.example, *.Bad.example.',
        DATA_DIR: '/var/lib/qr',
        REDIS_URL: 'rediss://:pass@redis:6379/1',
        REDIS_PREFIX: 'team_a-1',
        MONGO_URL: 'mongodb://user:p%40ss@a:27017,b:27017/qr?replicaSet=rs0',
        S3_ENDPOINT: 'http://minio:9000/',
        S3_ACCESS_KEY: 'access',
        S3_SECRET_KEY: 'secret',
        S3_BUCKET: 'codes',
        S3_REGION: 'eu-central-1',
        WORKER_PROCESSES: '3',
        OPEN_QR: 'false',
        OUTBOUND_ALLOW: '10.0.0.0/8,127.0.0.1',
        WEBHOOK_TIME_SCALE: '0.001',
        TRUSTED_PROXIES: '10.0.0.0/8, fd00::/8,192.0.2.1',
        GEOIP_DB_PATH: '/var/lib/places.mmdb',
        MAX_WAIT_S: '60',
        LOG_LEVEL: 'warn',
        SECRET_KEY: secretKey,
      },
      'api',
    );
    expect(config).toMatchObject({
      host: '0.0.0.0',
      port: 8080,
      publicUrl: 'https://qr.example.com/codes',
      shortUrl: 'https://q.example.com',
      targetDeny: [
        { host: 'evil.example', withSubdomains: false },
        { host: 'bad.example', withSubdomains: true },
      ],
      dataDir: '/var/lib/qr',
      redis: { url: 'rediss://:pass@redis:6379/1', prefix: 'team_a-1' },
      database: { mongoUrl: 'mongodb://user:p%40ss@a:27017,b:27017/qr?replicaSet=rs0' },
      workers: { processes: 3 },
      openQr: false,
      webhooks: { outboundAllow: ['10.0.0.0/8', '127.0.0.1/32'], timeScale: 0.001 },
      trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1/32'],
      geoipDbPath: '/var/lib/places.mmdb',
      wait: { maxMs: 60_000 },
      logLevel: 'warn',
      secretKey,
    });
    expect(config.objects.s3).toEqual({
      endpoint: 'http://minio:9000',
      accessKey: 'access',
      secretKey: 'secret',
      bucket: 'codes',
      region: 'eu-central-1',
    });
  });

  it('names the port in PUBLIC_URL when only the port is set', () => {
    expect(parseConfig({ PORT: '8080' }, 'start').publicUrl).toBe('http://localhost:8080');
  });

  it('reads a secret, or a server URL that may hold one, from the file that NAME_FILE names', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'key'), `${secretKey}\n`);
    await writeFile(join(folder, 'mongo'), 'mongodb://user:pass@mongo/qr\n');
    const config = parseConfig(
      { SECRET_KEY_FILE: join(folder, 'key'), MONGO_URL_FILE: join(folder, 'mongo'), REDIS_URL: 'redis://r' },
      'workers',
    );
    expect(config.secretKey).toBe(secretKey);
    expect(config.database.mongoUrl).toBe('mongodb://user:pass@mongo/qr');
  });

  it('prefers the variable to the file', () => {
    expect(parseConfig({ SECRET_KEY: secretKey, SECRET_KEY_FILE: '/nowhere' }, 'start').secretKey).toBe(secretKey);
  });
});

describe('a mistake in the configuration', () => {
  it('is a public URL with a path where short URLs have no origin of their own', () => {
    const { problems } = mistakesOf({ PUBLIC_URL: 'https://example.com/qr' });
    expect(problems).toMatchObject([{ variable: 'SHORT_URL', value: null }]);
    expect(mistakesOf({ PUBLIC_URL: 'https://example.com/qr', SHORT_URL: 'nonsense' }).problems).toHaveLength(1);
  });

  it.each([
    ['PORT', '80a', 'a whole number from 0 to 65535'],
    ['PORT', '65536', 'a whole number from 0 to 65535'],
    ['PORT', '-1', 'a whole number from 0 to 65535'],
    ['PUBLIC_URL', 'ftp://example.com', 'http:// or https://'],
    ['PUBLIC_URL', 'example.com', 'http:// or https://'],
    ['PUBLIC_URL', 'https://example.com/?a=b', 'without user, ? and #'],
    ['SHORT_URL', 'https://example.com/q', 'without a path'],
    ['SHORT_URL', 'q.example.com', 'http:// or https://'],
    ['TARGET_DENY', 'https://example.com', 'hosts, parted by commas'],
    ['OUTBOUND_ALLOW', '127.1', 'networks such as'],
    ['WEBHOOK_TIME_SCALE', '2', 'a number from 0 to 1'],
    ['WEBHOOK_TIME_SCALE', 'fast', 'a number from 0 to 1'],
    ['TRUSTED_PROXIES', '10.0.0.0/33', 'networks such as'],
    ['TRUSTED_PROXIES', '10.0.0.0/8,proxy', 'networks such as'],
    ['TRUSTED_PROXIES', '10.0.0.0/', 'networks such as'],
    ['TRUSTED_PROXIES', '::1/8/8', 'networks such as'],
    ['REDIS_URL', 'localhost:6379', 'redis:// or rediss://'],
    ['REDIS_URL', 'redis://', 'and a host'],
    ['REDIS_PREFIX', 'a:b', '1 to 40 of'],
    ['MONGO_URL', 'mongo://host', 'mongodb:// or mongodb+srv://'],
    ['S3_ENDPOINT', 's3://bucket', 'http:// or https://'],
    ['S3_BUCKET', 'My_Bucket', 'a bucket name'],
    ['WORKER_PROCESSES', '0', 'from 1 to 256'],
    ['WORKER_CONCURRENCY', '1.5', 'from 1 to 64'],
    ['OPEN_QR', 'yes', 'true or false'],
    ['DEFAULT_WAIT_MS', '1e3', 'from 0 to 30000'],
    ['MAX_WAIT_S', '301', 'from 1 to 300'],
    ['MAX_BODY_BYTES', '10', 'from 1024'],
    ['MAX_LOGO_BODY_BYTES', 'big', 'from 1024'],
    ['MAX_LOGO_BYTES', '1 MB', 'from 1024'],
    ['MAX_LOGO_PIXELS', '0', 'from 1'],
    ['LOG_LEVEL', 'loud', 'fatal, error, warn, info, debug, trace, silent'],
  ])('in %s=%s says what came and what is accepted', (variable, value, expected) => {
    const { problems } = mistakesOf({ [variable]: value });
    expect(problems).toEqual([
      { variable, value: value.replace(/\?.*/, '?…'), expected: expect.stringContaining(expected) },
    ]);
  });

  it('comes with all others, in one message', () => {
    const error = mistakesOf({ PORT: 'x', OPEN_QR: 'maybe', LOG_LEVEL: 'loud', S3_ENDPOINT: 'http://minio' }, 'api');
    const variables = ['PORT', 'S3_ACCESS_KEY', 'S3_SECRET_KEY', 'OPEN_QR', 'LOG_LEVEL', 'SECRET_KEY', 'REDIS_URL'];
    expect(error.problems.map(({ variable }) => variable).sort()).toEqual([...variables].sort());
    for (const variable of variables) expect(error.message).toContain(`  ${variable}`);
    expect(error.message).toContain('PORT="x": expected a whole number from 0 to 65535');
    expect(error.message).toContain('SECRET_KEY is missing: expected at least 16 characters');
  });

  it.each(['S3_ACCESS_KEY', 'S3_SECRET_KEY'])('is %s without an endpoint: nothing would use it', (variable) => {
    expect(mistakesOf({ [variable]: 'given' }).problems).toMatchObject([{ variable: 'S3_ENDPOINT', value: null }]);
  });

  it.each([
    { SECRET_KEY: 'hunter2' },
    { SECRET_KEY: 'hunter2 with spaces in it' },
    { BOOTSTRAP_API_KEY: 'hunter2' },
    { S3_ACCESS_KEY: 'hun ter2', S3_SECRET_KEY: 'hunter2 ', S3_ENDPOINT: 'http://minio' },
    { REDIS_URL: 'http://:hunter2@host' },
    { REDIS_URL: 'user:hunter2@host' },
    { MONGO_URL: 'mongo://user:hun@hunter2/x@host/db' },
    { MONGO_URL: 'mongo://host/db?password=hunter2' },
    { PUBLIC_URL: 'http://user:hunter2@host' },
    { S3_ENDPOINT: 'http://user:hunter2@host' },
  ])('never shows a secret: %o', (env) => {
    const error = mistakesOf(env as Environment);
    expect(`${error.message}${JSON.stringify(error.problems)}`).not.toMatch(/hunter2|hun ter2/);
  });

  it('names a secret file that cannot be read, once, and what is wrong with it', async () => {
    const path = join(await temporaryFolder(), 'absent');
    const { problems } = mistakesOf({ SECRET_KEY_FILE: path, REDIS_URL: 'redis://r' }, 'api');
    expect(problems).toEqual([
      { variable: 'SECRET_KEY_FILE', value: path, expected: 'a file that can be read (ENOENT)' },
    ]);
  });

  it.each([
    ['SECRET_KEY_FILE', 'at least 16 printable characters without spaces, not (0 characters)'],
    ['REDIS_URL_FILE', 'a URL that begins with redis:// or rediss:// and a host, not nothing'],
  ])('is an empty file that %s names', async (variable, expected) => {
    const path = join(await temporaryFolder(), 'empty');
    await writeFile(path, '\n');
    expect(mistakesOf({ [variable]: path }).problems).toEqual([
      { variable, value: path, expected: `a file that holds ${expected}` },
    ]);
  });

  it('is a Redis URL file that cannot be read, not a missing REDIS_URL besides', () => {
    const { problems } = mistakesOf({ SECRET_KEY: secretKey, REDIS_URL_FILE: '/nowhere/redis' }, 'workers');
    expect(problems.map(({ variable }) => variable)).toEqual(['REDIS_URL_FILE']);
  });

  it.each(['api', 'workers'] as const)(
    'is a missing SECRET_KEY or REDIS_URL for %s, which cannot make its own',
    (role) => {
      expect(mistakesOf({}, role).problems.map(({ variable }) => variable)).toEqual(['SECRET_KEY', 'REDIS_URL']);
    },
  );
});
