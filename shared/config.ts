import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import { type HostRule, parseHostRule } from './domain/host-rules.ts';
import { createEnvironmentReader, type Environment, type EnvironmentReader as Reader } from './environment-reader.ts';
import { type LogLevel, logLevels } from './log.ts';

/** Which process reads the configuration: the launcher makes its own secrets and Redis, the other two are given them. */
export type Role = 'start' | 'api' | 'workers';

export type S3Config = { endpoint: string; accessKey: string; secretKey: string; bucket: string; region: string };
export type DatabaseConfig = { mongoUrl: string | null; dataDir: string };
export type ObjectsConfig = { s3: S3Config | null; dataDir: string };

export type Config = ReturnType<typeof readConfig>;

function readRedisPrefix(read: Reader): string {
  const prefix = read.text('REDIS_PREFIX') ?? 'qrf';
  if (!/^[\w-]{1,40}$/.test(prefix)) read.wrong('REDIS_PREFIX', prefix, '1 to 40 of A-Z, a-z, 0-9, _ and -');
  return prefix;
}

/** Reads networks as CIDRs; an address alone is a network of one. */
function readNetworks(read: Reader, variable: string, value: string | null): string[] {
  if (value === null) return [];
  const networks = value.split(',').map((entry) => {
    const [address = '', bits, more] = entry.trim().split('/');
    const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address) as 0 | 4 | 6];
    const length = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    return more === undefined && length >= 0 && length <= longest ? `${address}/${length}` : null;
  });
  const known = networks.filter((network) => network !== null);
  if (known.length < networks.length)
    read.wrong(variable, value, 'networks such as 10.0.0.0/8,fd00::/8, separated by commas');
  return known;
}

function readTimeScale(read: Reader): number {
  const value = read.text('WEBHOOK_TIME_SCALE') ?? '1';
  if (/^(?:0?\.\d+|[01](?:\.\d+)?)$/.test(value) && Number(value) <= 1) return Number(value);
  read.wrong('WEBHOOK_TIME_SCALE', value, 'a number from 0 to 1, such as 0.001');
  return 1;
}

function readS3(read: Reader): S3Config | null {
  const endpoint = read.httpUrl('S3_ENDPOINT');
  const accessKey = read.secret('S3_ACCESS_KEY', { minLength: 1 });
  const secretKey = read.secret('S3_SECRET_KEY', { minLength: 1 });
  const bucket = read.text('S3_BUCKET') ?? 'qrfactory';
  const region = read.text('S3_REGION') ?? 'us-east-1';
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    read.wrong('S3_BUCKET', bucket, 'a bucket name: 3 to 63 of a-z, 0-9, . and -');
  if (endpoint === null) {
    const wanted = accessKey !== null || secretKey !== null;
    if (wanted && !read.problems.some(({ variable }) => variable === 'S3_ENDPOINT'))
      read.wrong('S3_ENDPOINT', null, 'the URL of the object store, as S3_ACCESS_KEY or S3_SECRET_KEY is set');
    return null;
  }
  if (accessKey === null) read.wrong('S3_ACCESS_KEY', null, 'the access key of S3_ENDPOINT');
  if (secretKey === null) read.wrong('S3_SECRET_KEY', null, 'the secret key of S3_ENDPOINT');
  return { endpoint, accessKey: accessKey ?? '', secretKey: secretKey ?? '', bucket, region };
}

/** Short URLs are a host and a slug, nothing in between. */
function readShortUrl(read: Reader, publicUrl: string): string {
  const asked = read.httpUrl('SHORT_URL');
  const { origin, pathname } = new URL(asked ?? publicUrl);
  const isWrong = read.problems.some(({ variable }) => variable === 'SHORT_URL');
  if (pathname === '/' || isWrong) return origin;
  const expected = 'the origin of short URLs without a path, such as https://q.example.com';
  read.wrong('SHORT_URL', asked, asked === null ? `${expected}, as PUBLIC_URL has a path` : expected);
  return origin;
}

/** Origins as browsers name them, or `*`. */
function readOrigins(read: Reader): string[] {
  const value = read.text('CORS_ORIGINS');
  const names = value === null ? [] : value.split(/[\s,]+/).filter((name) => name !== '');
  return names.flatMap((name) => {
    if (name === '*' || (/^https?:\/\//.test(name) && URL.canParse(name) && new URL(name).origin === name))
      return [name];
    read.wrong('CORS_ORIGINS', name, 'origins, parted by commas, such as https://app.example.com, or * for all');
    return [];
  });
}

function readTargetDeny(read: Reader): HostRule[] {
  const value = read.text('TARGET_DENY');
  const names = value === null ? [] : value.split(/[\s,]+/).filter((name) => name !== '');
  return names.flatMap((name) => {
    const rule = parseHostRule(name);
    if (rule !== null) return [rule];
    read.wrong('TARGET_DENY', name, 'hosts, parted by commas: example.com, or .example.com for all hosts below it too');
    return [];
  });
}

function readConfig(read: Reader) {
  const port = read.integer('PORT', { initial: 3000, min: 0, max: 65_535 });
  const dataDir = resolve(read.text('DATA_DIR') ?? './data');
  const maxBodyBytes = read.integer('MAX_BODY_BYTES', { initial: 64 * 1024, min: 1024, max: 64 * 1024 * 1024 });
  const publicUrl = read.httpUrl('PUBLIC_URL') ?? `http://localhost:${port}`;
  return {
    host: read.text('HOST') ?? '127.0.0.1',
    port,
    publicUrl,
    shortUrl: readShortUrl(read, publicUrl),
    targetDeny: readTargetDeny(read),
    dataDir,
    redis: { url: read.serverUrl('REDIS_URL', ['redis://', 'rediss://']), prefix: readRedisPrefix(read) },
    database: {
      mongoUrl: read.serverUrl('MONGO_URL', ['mongodb://', 'mongodb+srv://']),
      dataDir,
    } satisfies DatabaseConfig,
    objects: { s3: readS3(read), dataDir } satisfies ObjectsConfig,
    workers: {
      processes: read.integer('WORKER_PROCESSES', { initial: availableParallelism(), min: 1, max: 256 }),
      concurrency: read.integer('WORKER_CONCURRENCY', { initial: 4, min: 1, max: 64 }),
    },
    bootstrapApiKey: read.secret('BOOTSTRAP_API_KEY', { minLength: 12 }),
    secretKey: read.secret('SECRET_KEY', { minLength: 16 }),
    metricsToken: read.secret('METRICS_TOKEN', { minLength: 16 }),
    openQr: read.flag('OPEN_QR', true),
    /** 0: the ledger is kept for ever. */
    scanRetentionDays: read.integer('SCAN_RETENTION_DAYS', { initial: 0, min: 0, max: 36_500 }),
    webhooks: {
      /** CIDRs that may be reached although they are not public. */
      outboundAllow: readNetworks(read, 'OUTBOUND_ALLOW', read.text('OUTBOUND_ALLOW')),
      timeScale: readTimeScale(read),
    },
    trustedProxies: readNetworks(read, 'TRUSTED_PROXIES', read.text('TRUSTED_PROXIES')),
    geoipDbPath: read.text('GEOIP_DB_PATH'),
    wait: {
      defaultMs: read.integer('DEFAULT_WAIT_MS', { initial: 300, min: 0, max: 30_000 }),
      maxMs: read.integer('MAX_WAIT_S', { initial: 30, min: 1, max: 300 }) * 1000,
    },
    limits: {
      bodyBytes: maxBodyBytes,
      /** On routes that take a logo inline, base64 makes it a third longer. */
      logoBodyBytes: read.integer('MAX_LOGO_BODY_BYTES', {
        initial: 2 * 1024 * 1024,
        min: 1024,
        max: 64 * 1024 * 1024,
      }),
      logoBytes: read.integer('MAX_LOGO_BYTES', { initial: 1024 * 1024, min: 1024, max: 16 * 1024 * 1024 }),
      logoPixels: read.integer('MAX_LOGO_PIXELS', { initial: 4_000_000, min: 1, max: 100_000_000 }),
      csvBytes: read.integer('MAX_CSV_BYTES', { initial: 50 * 1024 * 1024, min: 1024, max: 1024 * 1024 * 1024 }),
      csvRows: read.integer('MAX_CSV_ROWS', { initial: 100_000, min: 1, max: 1_000_000 }),
      csvColumns: read.integer('MAX_CSV_COLUMNS', { initial: 200, min: 1, max: 10_000 }),
      /** Connections of one tenant to one process that listen to a batch's events. */
      eventListeners: read.integer('MAX_EVENT_LISTENERS', { initial: 100, min: 1, max: 10_000 }),
      /** Dynamic codes that a process of the API remembers. */
      knownCodes: read.integer('MAX_KNOWN_CODES', { initial: 50_000, min: 1, max: 5_000_000 }),
      csvLineBytes: read.integer('MAX_CSV_LINE_BYTES', { initial: 65_536, min: 1024, max: 1024 * 1024 }),
    },
    imageKeepDays: read.integer('IMAGE_KEEP_DAYS', { initial: 30, min: 1, max: 3650 }),
    /** 0: for ever, here and in the next. */
    auditKeepDays: read.integer('AUDIT_KEEP_DAYS', { initial: 400, min: 0, max: 36_500 }),
    usageKeepDays: read.integer('USAGE_KEEP_DAYS', { initial: 800, min: 0, max: 36_500 }),
    batchKeepDays: read.integer('BATCH_KEEP_DAYS', { initial: 7, min: 1, max: 3650 }),
    corsOrigins: readOrigins(read),
    /** 0: no limit. */
    rateLimits: {
      /** Calls a second with one key; twice as many at once. */
      perKey: read.integer('RATE_LIMIT_PER_KEY', { initial: 100, min: 0, max: 1_000_000 }),
      /** Images a second without a key. */
      perAddress: read.integer('RATE_LIMIT_PER_ADDRESS', { initial: 10, min: 0, max: 1_000_000 }),
      failedAuthPerMinute: read.integer('RATE_LIMIT_FAILED_AUTH', { initial: 30, min: 0, max: 1_000_000 }),
      /** Slugs, and images, that do not exist. */
      unknownPerMinute: read.integer('RATE_LIMIT_UNKNOWN', { initial: 60, min: 0, max: 1_000_000 }),
    },
    /** For tenants without quotas of their own, a UTC day; 0: as much as they like. */
    quotas: {
      rendersPerDay: read.integer('QUOTA_RENDERS_PER_DAY', { initial: 0, min: 0, max: 1_000_000_000 }),
      batchRowsPerDay: read.integer('QUOTA_BATCH_ROWS_PER_DAY', { initial: 0, min: 0, max: 1_000_000_000 }),
    },
    logLevel: read.oneOf<LogLevel>('LOG_LEVEL', logLevels, 'info'),
  };
}

/**
 * Reads the whole configuration from `env`, once, at start.
 *
 * @throws ConfigError that names every wrong variable, its value (never a secret's) and what is accepted.
 */
export function parseConfig(env: Environment, role: Role): Config {
  const read = createEnvironmentReader(env);
  const config = readConfig(read);
  if (role !== 'start') {
    const wrong = new Set(read.problems.map(({ variable }) => variable));
    if (config.secretKey === null && !wrong.has('SECRET_KEY') && !wrong.has('SECRET_KEY_FILE'))
      read.wrong('SECRET_KEY', null, 'at least 16 characters, the same for every process of this deployment');
    if (config.redis.url === null && !wrong.has('REDIS_URL') && !wrong.has('REDIS_URL_FILE'))
      read.wrong('REDIS_URL', null, 'a URL such as redis://localhost:6379 (only npm start brings its own Redis)');
  }
  if (read.problems.length > 0) throw new ConfigError(read.problems);
  return config;
}
