import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { visitors } from '../support/visitors.ts';

/** The proxy that is trusted, and somebody who only says to be one. */
const [proxy, stranger] = ['127.0.0.2', '127.0.0.1'];
const forged = 'evil.example';
const [berlin, paris] = [visitors.iphone.address, visitors.ipad.address];

type Sent = { method?: string; path: string; from?: string; headers?: Record<string, string>; body?: object };
type Answer = { status: number | undefined; raw: string; json: Record<string, unknown> };
type Scan = { country: string | null; city: string | null };

const hostHeaders = {
  host: forged,
  'x-forwarded-host': forged,
  'x-forwarded-proto': 'gopher',
  'x-forwarded-port': '666',
  forwarded: `for=${berlin};host=${forged};proto=gopher`,
  'x-original-url': '/v1/keys',
};
const addressHeaders = {
  'x-forwarded-for': `${berlin}, ${paris}`,
  'x-real-ip': berlin,
  'cf-connecting-ip': berlin,
  'true-client-ip': berlin,
  'x-client-ip': berlin,
  forwarded: `for=${berlin}`,
};

describe('Forged headers', () => {
  let deployment: Deployment;
  beforeAll(async () => {
    const env = {
      TRUSTED_PROXIES: `${proxy}/32`,
      SHORT_URL: 'https://q.example.com',
      PUBLIC_URL: 'https://api.example.com',
    };
    deployment = await prepareDeployment({ env });
    await deployment.startApi();
    await deployment.startWorkers();
  });
  afterAll(() => deployment?.destroy());

  /** Sends what fetch would not: any Host, any request target, from an address of one's own. */
  async function send({ method = 'GET', path, from = stranger, headers = {}, body }: Sent): Promise<Answer> {
    const { hostname, port } = new URL(deployment.client.baseUrl);
    const key =
      path.startsWith('/v1') || path.startsWith('http') ? { authorization: `Bearer ${deployment.apiKey}` } : {};
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const all = { 'user-agent': visitors.iphone.userAgent, ...key, ...json, ...headers };
    const asked = request({ hostname, port, method, path, localAddress: from, headers: all });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const content = await text(answer);
    const isJson = /[/+]json/.test(answer.headers['content-type'] ?? '');
    const raw = JSON.stringify(answer.rawHeaders) + content;
    return { status: answer.statusCode, raw, json: isJson ? JSON.parse(content) : {} };
  }
  async function made(headers: Record<string, string> = {}): Promise<{ id: string; slug: string; shortUrl: string }> {
    const answer = await send({
      method: 'POST',
      path: '/v1/codes',
      headers,
      body: { target: 'https://shop.example/' },
    });
    expect([answer.status, answer.raw]).toEqual([201, expect.not.stringContaining(forged)]);
    return answer.json as never;
  }
  async function scansOf(id: string, count: number): Promise<Scan[]> {
    return eventually(`${count} scans`, async () => {
      const { json } = await send({ path: `/v1/codes/${id}/scans?sort=at` });
      return (json.data as Scan[]).length === count && (json.data as Scan[]);
    });
  }

  it('of a host are in no short URL, link, location, redirect, page or problem', async () => {
    const code = await made(hostHeaders);
    expect(code.shortUrl).toBe(`https://q.example.com/${code.slug}`);
    const render = { content: { type: 'text', text: 'forged' } };
    const prefer = { ...hostHeaders, prefer: 'respond-async' };
    const answers = [
      await send({ method: 'POST', path: '/v1/renders', headers: prefer, body: render }),
      await send({ path: '/v1/codes?limit=1', headers: hostHeaders }),
      await send({ path: `/${code.slug.toUpperCase()}`, headers: hostHeaders }),
      await send({ path: '/nobody-knows', headers: { ...hostHeaders, accept: 'text/html' } }),
      await send({ path: '/v1/nowhere', headers: hostHeaders }),
      await send({ path: '/', headers: hostHeaders }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 200, 302, 404, 404, 200]);
    for (const { raw } of answers) expect(raw).not.toMatch(/evil|gopher|:666/);
    expect(answers[0]?.raw).toContain('https://api.example.com/v1/renders/rnd_');
  });

  it('of a host in the request target itself change nothing either', async () => {
    const { status, raw } = await send({ path: `http://${forged}/v1/codes?limit=1` });
    expect([status, raw]).toEqual([200, expect.not.stringContaining(forged)]);
  });

  it('of an address move nobody who comes without the trusted proxy, and make no new visitors of one', async () => {
    const code = await made();
    for (const [name, value] of Object.entries(addressHeaders))
      await send({ path: `/${code.slug}`, headers: { [name]: value } });
    const scans = await scansOf(code.id, Object.keys(addressHeaders).length);
    for (const scan of scans) expect([scan.country, scan.city]).toEqual([null, null]);
    const analytics = () => send({ path: `/v1/codes/${code.id}/analytics` });
    await eventually('all are counted', async () => (await analytics()).json.scanCount === scans.length);
    expect((await analytics()).json.dailyUniqueCount).toBe(1);
  });

  it('of an address in front of what the trusted proxy adds do not count, nor do other names for it', async () => {
    const code = await made();
    const { 'x-forwarded-for': _, ...others } = addressHeaders;
    for (const forwarded of [paris, `${berlin}, ${paris}`, `nonsense, , ${berlin}, ${paris}`, `${paris}, ${proxy}`])
      await send({ path: `/${code.slug}`, from: proxy, headers: { ...others, 'x-forwarded-for': forwarded } });
    for (const scan of await scansOf(code.id, 4)) expect(scan.country).toBe('FR');
  });
});
