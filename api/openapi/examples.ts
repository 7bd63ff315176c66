import type { KeyAnswer, TenantAnswer } from '../../shared/contract/access-answer.ts';
import type { AnalyticsAnswer } from '../../shared/contract/analytics-answer.ts';
import type { BatchAnswer } from '../../shared/contract/batch-answer.ts';
import type { CodeAnswer } from '../../shared/contract/code-answer.ts';
import type { LogoAnswer } from '../../shared/contract/logo-answer.ts';
import type { RenderAnswer } from '../../shared/contract/render-answer.ts';
import type { ScanAnswer } from '../../shared/contract/scan-answer.ts';
import type { QuotasAnswer, UsageAnswer } from '../../shared/contract/usage-answer.ts';
import type { DeliveryAnswer, WebhookAnswer } from '../../shared/contract/webhook-answer.ts';

/** Ids as they look. */
export const ids = {
  render: 'rnd_3q2-7wAJ4bF1vC9mZk8XyT5hLs0',
  logo: 'logo_Zk8XyT5hLs03q2-7wAJ4bF1vC9m',
  code: 'cod_mZk8XyT5hLs03q2-7wAJ4bF1',
  batch: 'bat_0mk8c1v5e_3q2-7wAJ4bF1vC9mZk8X',
  webhook: 'whk_T5hLs03q2-7wAJ4bF1vC9mZk',
  key: 'key_1vC9mZk8XyT5hLs03q2-7wAJ',
  tenant: 'tnt_C9mZk8XyT5hLs03q2-7wAJ4b',
  delivery: 'msg_Ls03q2-7wAJ4bF1vC9mZk8Xy',
};

const at = '2026-11-23T18:30:00.000Z';
const sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

export const render: RenderAnswer = {
  object: 'render',
  id: ids.render,
  status: 'completed',
  spec: {
    content: { type: 'url', url: 'https://example.com' },
    format: 'png',
    size: 300,
    margin: 4,
    errorCorrection: 'M',
    foreground: '#000000',
    background: '#ffffff',
    logo: null,
  },
  encodedText: 'https://example.com',
  symbol: { version: 2, modules: 25, errorCorrection: 'M', mask: 2 },
  image: {
    url: `https://qr.example.com/v1/renders/${ids.render}/image`,
    contentType: 'image/png',
    width: 300,
    sizeBytes: 512,
    sha256,
  },
  warnings: [],
  error: null,
  createdAt: at,
  completedAt: at,
};

export const queuedRender: RenderAnswer = { ...render, status: 'queued', symbol: null, image: null, completedAt: null };

export const logo: LogoAnswer = {
  object: 'logo',
  id: ids.logo,
  contentType: 'image/png',
  width: 400,
  height: 400,
  sizeBytes: 9000,
  sha256,
  createdAt: at,
};

export const code: CodeAnswer = {
  object: 'code',
  id: ids.code,
  slug: 'ab3de9xk',
  domain: 'q.example.com',
  shortUrl: 'https://q.example.com/ab3de9xk',
  encodedText: 'HTTPS://Q.EXAMPLE.COM/AB3DE9XK',
  target: 'https://example.com/spring',
  fallbackTarget: null,
  status: 'active',
  title: 'Spring menu',
  tags: ['table 7'],
  imageOptions: { size: 600 },
  image: { url: `https://qr.example.com/v1/codes/${ids.code}/image` },
  forwardQuery: false,
  expiresAt: null,
  externalId: null,
  metadata: {},
  batchId: null,
  scanCount: 120,
  lastScannedAt: at,
  version: 3,
  createdAt: at,
  updatedAt: at,
};

export const batch: BatchAnswer = {
  object: 'batch',
  id: ids.batch,
  name: 'Menus',
  mode: 'static',
  status: 'running',
  counts: { total: 1000, queued: 400, running: 200, completed: 398, failed: 2, cancelled: 0 },
  unreadRows: 0,
  archive: null,
  warnings: [],
  error: null,
  createdAt: at,
  startedAt: at,
  cancelledAt: null,
  completedAt: null,
  estimatedCompletionAt: '2026-11-23T18:30:02.000Z',
};

export const webhook: WebhookAnswer = {
  object: 'webhook',
  id: ids.webhook,
  url: 'https://hooks.example.com/qr',
  events: ['render.completed', 'batch.completed'],
  description: null,
  status: 'active',
  disabledReason: null,
  failingSince: null,
  previousSecretExpiresAt: null,
  createdAt: at,
  updatedAt: at,
};

export const delivery: DeliveryAnswer = {
  object: 'delivery',
  id: ids.delivery,
  webhookId: ids.webhook,
  callbackUrl: null,
  resourceId: ids.batch,
  type: 'batch.completed',
  status: 'completed',
  nextAttemptAt: null,
  attempts: [{ at, httpStatus: 204, latencyMs: 12, error: null, body: '' }],
  error: null,
  createdAt: at,
  completedAt: at,
};

export const scan: ScanAnswer = {
  object: 'scan',
  id: 'scn_4bF1vC9mZk8XyT5hLs03q2-7',
  at,
  codeId: ids.code,
  version: 3,
  target: 'https://example.com/spring',
  source: 'qr',
  country: 'DE',
  city: 'Berlin',
  device: 'mobile',
  system: 'iOS',
  browser: 'Safari',
  referrer: null,
  language: 'de',
  bot: false,
};

const share = (key: string | null) => [{ key, scanCount: 12 }];

export const analytics: AnalyticsAnswer = {
  object: 'analytics',
  codeId: ids.code,
  tag: null,
  batchId: null,
  from: '2026-11-22T23:00:00.000Z',
  to: '2026-11-23T23:00:00.000Z',
  interval: 'day',
  timeZone: 'Europe/Berlin',
  bots: 'exclude',
  source: null,
  scanCount: 12,
  dailyUniqueCount: 10,
  series: [{ start: '2026-11-23T00:00:00+01:00', scanCount: 12, dailyUniqueCount: 10 }],
  countries: share('DE'),
  cities: [{ key: 'Berlin', country: 'DE', scanCount: 12 }],
  devices: share('mobile'),
  systems: share('iOS'),
  browsers: share('Safari'),
  referrers: share(null),
  languages: share('de'),
  sources: share('qr'),
  attribution: 'IP Geolocation by DB-IP, https://db-ip.com',
};

export const apiKey: KeyAnswer = {
  object: 'key',
  id: ids.key,
  name: 'shop',
  role: 'write',
  tenantId: ids.tenant,
  lastUsedAt: null,
  expiresAt: null,
  previousKeyExpiresAt: null,
  createdAt: at,
};

export const tenant: TenantAnswer = {
  object: 'tenant',
  id: ids.tenant,
  name: 'Acme',
  quotas: { rendersPerDay: null, batchRowsPerDay: 100_000 },
  status: 'active',
  createdAt: at,
  updatedAt: at,
};

const quota = { limit: 10_000, used: 120, remaining: 9880, resetsAt: '2026-11-24T00:00:00.000Z' };

export const quotas: QuotasAnswer = { renders: quota, batchRows: { ...quota, limit: null, remaining: null } };

const counts = { calls: 340, renders: 120, batchRows: 1000, codes: 4 };

export const usage: UsageAnswer = {
  object: 'usage',
  tenantId: 'default',
  from: '2026-11-23',
  to: '2026-11-24',
  total: counts,
  days: [{ day: '2026-11-23', ...counts }],
  quotas,
};
