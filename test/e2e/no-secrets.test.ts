import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { plainPng } from '../support/plain-png.ts';

const address = '203.0.113.77';
/** What stands in content, in whatever way it comes. */
const mark = 'very-private-content';
const guessed = 'qrf_guessed-by-somebody-0123456789';

let deployment: Deployment;
let watcher: Redis;
/** All that any process ever said to Redis: jobs, caches, counts, messages. */
const commands: string[] = [];
const secrets = new Map<string, string>([
  ['the address of a client', address],
  ['content', mark],
  ['a key that was guessed', guessed],
]);
const logs = new Map<string, string[]>();

beforeAll(async () => {
  deployment = await prepareDeployment({
    env: { TRUSTED_PROXIES: '127.0.0.1', LOG_LEVEL: 'debug', OUTBOUND_ALLOW: '127.0.0.1' },
  });
  const redis = new Redis(deployment.redis.url);
  watcher = await redis.monitor();
  watcher.on('monitor', (_: string, args: string[]) => void commands.push(args.join(' ')));
  redis.disconnect();
  const api = await deployment.startApi();
  const workers = await deployment.startWorkers();
  logs.set('the log of the API', api.lines).set('the log of the workers', workers.lines);
  secrets.set('the API key', deployment.apiKey).set('SECRET_KEY', deployment.env.SECRET_KEY as string);
  await useEverything();
}, 120_000);
afterAll(async () => {
  watcher?.disconnect();
  await deployment.destroy();
});

async function useEverything(): Promise<void> {
  const { client } = deployment;
  const { baseUrl } = client;
  const from = {
    'x-forwarded-for': address,
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  };
  const post = async (path: string, body: unknown, status: number) => {
    const answer = await client.post(path, body, { ...from, prefer: 'wait=10' });
    const text = await answer.text();
    expect([path, answer.status, text]).toEqual([path, status, text]);
    return text === '' ? {} : (JSON.parse(text) as Record<string, string>);
  };
  const logo = { data: `data:image/png;base64,${plainPng(40, 40).toString('base64')}` };
  await post('/v1/renders', { content: { type: 'wifi', ssid: 'net', password: mark, security: 'WPA' } }, 200);
  await post('/v1/renders', { content: { type: 'text', text: mark }, size: 600, logo }, 200);
  await post('/v1/renders', { content: { type: 'text', text: mark }, size: mark }, 422);
  const code = await post('/v1/codes', { target: `https://example.com/${mark}`, title: mark }, 201);
  for (const key of ['callback-secret', 'signing-secret'])
    secrets.set(key, (await post(`/v1/${key}/rotate`, {}, 200)).secret as string);
  const hook = { url: `http://127.0.0.1:9/${mark}`, events: ['render.completed'] };
  secrets.set("a webhook's secret", (await post('/v1/webhooks', hook, 201)).secret as string);
  await post('/v1/renders', { content: { type: 'text', text: `${mark} told to a webhook` } }, 200);

  const get = (path: string, headers = {}) =>
    fetch(`${baseUrl}${path}`, { redirect: 'manual', headers: { ...from, ...headers } });
  expect((await get(`/v1/qr?data=${mark}`)).status).toBe(200);
  expect((await get(`/v1/qr?data=${mark}&size=${mark}`)).status).toBe(422);
  expect((await get(`/${code.slug}?${mark}`)).status).toBe(302);
  expect((await get(`/nowhere-1?${mark}`)).status).toBe(404);
  expect((await get('/v1/renders', { authorization: `Bearer ${guessed}` })).status).toBe(401);
  expect((await get(`/v1/renders?cursor=${mark}`, { authorization: client.authorization })).status).toBe(422);

  const csv = `url,name\nhttps://example.com/${mark},one\nnot a url ${mark},two\n`;
  const headers = { ...from, authorization: client.authorization, 'content-type': 'text/csv' };
  const batch = (await (await fetch(`${baseUrl}/v1/batches`, { method: 'POST', headers, body: csv })).json()) as {
    id: string;
  };
  await eventually('the batch ends', async () => {
    const answer = await client.get(`/v1/batches/${batch.id}`);
    return ((await answer.json()) as { status: string }).status === 'completed';
  });
  await eventually('the scan is counted', async () => {
    const { scanCount } = (await (await client.get(`/v1/codes/${code.id}`)).json()) as { scanCount: number };
    return scanCount === 1;
  });
}

async function filesBelow(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found.set(path, (await readFile(path)).toString('latin1'));
  }
  return found;
}

function findIn(place: string, text: string, names = [...secrets.keys()]): string[] {
  return names.filter((name) => text.includes(secrets.get(name) as string)).map((name) => `${place} holds ${name}`);
}

describe('after a run that used everything', () => {
  it('no log holds a key, a secret, content or the address of a client', () => {
    for (const [place, lines] of logs) {
      expect(lines.length).toBeGreaterThan(place.includes('API') ? 15 : 1);
      expect(findIn(place, lines.join('\n'))).toEqual([]);
    }
  });

  it('nothing was said to Redis that does: no job, no cache, no count', () => {
    expect(commands.length).toBeGreaterThan(100);
    expect(commands.some((command) => command.includes('render-codes'))).toBe(true);
    expect(commands.some((command) => command.includes(':rate:') || command.includes('record-scans'))).toBe(true);
    expect(findIn('Redis', commands.join('\n'))).toEqual([]);
  });

  it('no journal does', async () => {
    const journal = await filesBelow(join(deployment.env.DATA_DIR as string, 'journal'));
    expect([...journal.values()].join('').length).toBeGreaterThan(0);
    for (const [path, text] of journal) expect(findIn(path, text)).toEqual([]);
  });

  it('the database and its files have no address and no key or secret in the clear', async () => {
    const files = await filesBelow(deployment.env.DATA_DIR as string);
    expect([...files.keys()].some((path) => path.includes('.db') || path.includes('sqlite'))).toBe(true);
    const hidden = [...secrets.keys()].filter((name) => name !== 'content');
    for (const [path, text] of files) expect(findIn(path, text, hidden)).toEqual([]);
  });
});
