import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queueNames } from '../../shared/contract/jobs.ts';
import { chromiumPath, launchBrowser } from '../support/browser.ts';
import { type Client, distinctSpec, eventually } from '../support/client.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { logoPicture } from '../support/logo-pictures.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { describeOn } from '../support/servers.ts';
import { visitors } from '../support/visitors.ts';

let deployment: Deployment;
let client: Client;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  deployment = await prepareDeployment({ env: { OUTBOUND_ALLOW: '127.0.0.1' } });
  await Promise.all([deployment.startApi(), deployment.startWorkers()]);
  client = deployment.client;
});
afterAll(async () => {
  await deployment?.destroy();
  await receiver?.close();
});

type ShownQueue = { name: string; isPaused: boolean; readOnlyMode: boolean; counts: Record<string, number> };

/** Presses a button of the board as its page does. */
async function press(path: string, body?: unknown): Promise<number> {
  const answer = await fetch(`${client.baseUrl}/admin/queues/api/queues/${path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${deployment.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body ?? {}),
  });
  return answer.status;
}

async function shownQueues(): Promise<Map<string, ShownQueue>> {
  const { queues } = (await (await client.get('/admin/queues/api/queues')).json()) as { queues: ShownQueue[] };
  return new Map(queues.map((queue) => [queue.name, queue]));
}

async function waiting(queue: string): Promise<number> {
  const { counts = {} } = (await shownQueues()).get(queue) ?? {};
  return (counts.waiting ?? 0) + (counts.delayed ?? 0) + (counts.prioritized ?? 0);
}

describeOn('Bull Board in a browser (chromium)', chromiumPath, () => {
  let browser: Browser;
  let page: Page;
  const outside: string[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
    page.setDefaultTimeout(20_000);
    page.on('response', (response) => {
      if (!response.url().startsWith(client.baseUrl)) outside.push(response.url());
    });
  });
  afterAll(async () => {
    await browser?.close();
  });

  it('asks for an operator key, and shows every queue to who has one', async () => {
    await page.goto(`${client.baseUrl}/admin/queues`);
    await page.fill('#key', 'qrf_this_is_no_key');
    await page.click('button');
    expect(await page.textContent('[role=alert]')).toBe('This is not the key of an operator.');
    await page.fill('#key', deployment.apiKey);
    await page.click('button');
    for (const name of queueNames) await page.getByRole('link', { name, exact: true }).first().waitFor();
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', secure: false, path: '/admin/queues' });
    expect(cookie?.value).not.toContain(deployment.apiKey);
  });

  it('pauses and resumes a queue by its buttons, and offers none on the queue that mends the others', async () => {
    await page.goto(`${client.baseUrl}/admin/queues/queue/renders`);
    const menu = page.locator('button[aria-haspopup=menu]').nth(1); // the first is the person's
    const choose = async (name: RegExp): Promise<void> => {
      await menu.click();
      await page.getByRole('menuitem', { name }).click();
      await page.getByRole('button', { name: 'Confirm' }).click();
    };
    await choose(/^Pause/);
    await eventually('renders is paused', async () => (await shownQueues()).get('renders')?.isPaused);
    await choose(/^Resume/);
    await eventually('renders goes on', async () => !(await shownQueues()).get('renders')?.isPaused);
    expect((await shownQueues()).get('maintenance')?.readOnlyMode).toBe(true);
    expect(await press('maintenance/pause')).toBe(405);
  });

  it('takes nothing from another host', () => {
    expect(outside).toEqual([]);
  });

  it('signs out', async () => {
    await page.goto(`${client.baseUrl}/admin/queues/sign-out`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL('**/sign-in');
    await page.goto(`${client.baseUrl}/admin/queues`);
    expect(await page.locator('#key').isVisible()).toBe(true);
    expect(await page.context().cookies()).toEqual([]);
  });
});

describe("The board's buttons", () => {
  const respondAsync = { prefer: 'respond-async' };

  async function acceptRenders(count: number): Promise<string[]> {
    const posts = Array.from({ length: count }, async (_, index) => {
      const body = distinctSpec({ callbackUrl: receiver.url(`/render-${index}`) });
      const answer = await client.post('/v1/renders', body, respondAsync);
      expect(answer.status).toBe(202);
      return ((await answer.json()) as { id: string }).id;
    });
    return Promise.all(posts);
  }

  async function acceptBatch(rows: number): Promise<string> {
    const lines = Array.from({ length: rows }, (_, row) => `https://example.com/${Date.now()}/${row}`);
    const answer = await fetch(`${client.baseUrl}/v1/batches`, {
      method: 'POST',
      headers: { authorization: `Bearer ${deployment.apiKey}`, 'content-type': 'text/csv' },
      body: `url\n${lines.join('\n')}\n`,
    });
    expect(answer.status).toBe(202);
    return ((await answer.json()) as { id: string }).id;
  }

  async function uploadLogo(): Promise<number> {
    const headers = { authorization: `Bearer ${deployment.apiKey}`, 'content-type': 'image/png' };
    const body = await logoPicture('photo', { widthPx: 90, heightPx: 90 });
    return (await fetch(`${client.baseUrl}/v1/logos`, { method: 'POST', headers, body: new Uint8Array(body) })).status;
  }

  async function scan(slug: string, times: number): Promise<void> {
    const headers = { 'user-agent': visitors.pixel.userAgent };
    for (let n = 0; n < times; n++)
      expect((await fetch(`${client.baseUrl}/${slug}`, { headers, redirect: 'manual' })).status).toBe(302);
  }

  it('lose no accepted work: what was removed, cleaned, emptied or obliterated while paused is done all the same', async () => {
    expect(await press('pause')).toBe(200);
    const code = (await (await client.post('/v1/codes', { target: 'https://example.com/' })).json()) as {
      id: string;
      slug: string;
    };
    const renders = await acceptRenders(24);
    const batch = await acceptBatch(40);
    const logo = uploadLogo();
    await scan(code.slug, 7);
    for (const queue of ['renders', 'batches', 'logos', 'scans'])
      await eventually(`jobs on ${queue}`, async () => (await waiting(queue)) > 0);

    // The first job of renders is removed by itself, the others at once.
    const listed = await client.get('/admin/queues/api/queues?activeQueue=renders&status=waiting');
    const { queues } = (await listed.json()) as { queues: { name: string; jobs: { id: string }[] }[] };
    const [first] = queues.find(({ name }) => name === 'renders')?.jobs ?? [];
    expect(await press(`renders/${first?.id}/clean`)).toBe(204);
    expect(await press('renders/empty')).toBe(200);
    expect(await press('scans/empty')).toBe(200);
    expect(await press('batches/obliterate', {})).toBe(200);
    expect(await press('logos/obliterate', { force: true })).toBe(200);
    for (const queue of ['renders', 'scans', 'batches', 'logos']) expect(await waiting(queue)).toBe(0);
    await logo;

    // What these lead to meets the same a second time.
    const second = ['events', 'webhooks', 'batch-rows', 'roll-ups'];
    expect(await press('resume')).toBe(200);
    for (const queue of second) expect(await press(`${queue}/pause`)).toBe(200);
    await eventually('renders are drawn', async () => {
      const rows = await Promise.all(renders.map((id) => client.render(id)));
      return rows.every(({ status }) => status === 'completed');
    });
    await eventually('jobs on batch-rows', async () => (await waiting('batch-rows')) > 0);
    expect(await press('events/resume')).toBe(200);
    await eventually('jobs on webhooks', async () => (await waiting('webhooks')) > 0);
    for (const queue of ['webhooks', 'batch-rows', 'roll-ups']) expect(await press(`${queue}/empty`)).toBe(200);
    expect(await press('resume')).toBe(200);

    await receiver.until(renders.length);
    expect(new Set(receiver.received.map(({ path }) => path)).size).toBe(renders.length);
    expect(await eventually('the logo is checked', async () => (await uploadLogo()) < 300)).toBe(true);
    await eventually('the batch is whole', async () => {
      const answer = (await (await client.get(`/v1/batches/${batch}`)).json()) as { status: string; counts: object };
      return answer.status === 'completed' && JSON.stringify(answer.counts).includes('"completed":40');
    });
    await eventually('every scan is counted', async () => {
      const { scanCount } = (await (await client.get(`/v1/codes/${code.id}`)).json()) as { scanCount: number };
      return scanCount === 7;
    });
  });

  it('send a delayed attempt now (promote), and try failed jobs again (retry)', async () => {
    receiver.answer = 500;
    const before = receiver.received.length;
    const [id = ''] = await acceptRenders(1);
    await receiver.until(before + 1);
    receiver.answer = 204;
    await eventually('the next attempt waits', async () => (await waiting('webhooks')) > 0);
    expect(await press('webhooks/promote')).toBe(200);
    await receiver.until(before + 2);
    expect((await client.render(id)).status).toBe('completed');
    expect(await press('renders/retry/failed')).toBe(200);
    expect(await press('renders/clean/failed')).toBe(200);
    await eventually('nothing is left', async () => (await waiting('webhooks')) === 0);
  });

  it('add and rewrite no jobs, and put none off', async () => {
    const send = async (method: string, path: string, body: unknown) => {
      const answer = await fetch(`${client.baseUrl}/admin/queues/api/queues/${path}`, {
        method,
        headers: { authorization: `Bearer ${deployment.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return answer.status;
    };
    expect(await send('POST', 'scans/add', { name: 'record-scans', data: {}, options: {} })).toBe(403);
    expect(await send('PATCH', 'renders/some-job/update-data', { jobData: {} })).toBe(403);
    expect(await send('PATCH', 'renders/some-job/delay', { delay: 1e9 })).toBe(403);
  });
});
