import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page, Response } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chromiumPath, launchBrowser } from '../support/browser.ts';
import { eventually } from '../support/client.ts';
import { decodeWithZbar, decodeWithZxing, hasZbar } from '../support/decode.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { describeOn } from '../support/servers.ts';

const target = 'http://shop.example/spring?from=print#top';

type Code = { id: string; slug: string; encodedText: string; target: string };
type Scan = { source: string | null; system: string | null; browser: string | null; bot: boolean };

describeOn('A browser (where Chromium is installed)', chromiumPath, () => {
  let deployment: Deployment;
  let browser: Browser;
  let page: Page;
  let shop: Server;

  beforeAll(async () => {
    shop = createServer((_, response) => response.end('<h1>Spring at the shop</h1>')).listen(0, '127.0.0.1');
    await once(shop, 'listening');
    deployment = await prepareDeployment({ env: { SHORT_URL: 'http://q.example' } });
    await deployment.startApi();
    await deployment.startWorkers();
    const shopAddress = `127.0.0.1:${(shop.address() as AddressInfo).port}`;
    browser = await launchBrowser({
      'q.example': new URL(deployment.client.baseUrl).host,
      'shop.example': shopAddress,
    });
    page = await browser.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await deployment?.destroy();
    shop?.close();
  });

  async function made(more: object = {}): Promise<Code> {
    const answer = await deployment.client.post('/v1/codes', { target, ...more });
    expect(answer.status).toBe(201);
    return (await answer.json()) as Code;
  }
  async function imageOf({ id }: Code): Promise<Buffer> {
    const answer = await deployment.client.get(`/v1/codes/${id}/image?size=400`);
    expect(answer.status).toBe(200);
    return Buffer.from(await answer.arrayBuffer());
  }
  async function scansOf({ id }: Code, count: number): Promise<Scan[]> {
    return eventually(`${count} scans`, async () => {
      const { data } = (await (await deployment.client.get(`/v1/codes/${id}/scans`)).json()) as { data: Scan[] };
      return data.length >= count && data;
    });
  }
  /** Opens a page and tells what somebody sees of it, and that nothing of it was refused or broken. */
  async function seen(url: string): Promise<{ response: Response | null; heading: string; complaints: string[] }> {
    const complaints: string[] = [];
    const complain = (message: { text(): string }): void => void complaints.push(message.text());
    page.on('console', complain);
    const response = await page.goto(url);
    page.off('console', complain);
    return { response, heading: await page.locator('h1').innerText(), complaints };
  }
  const styleOf = async (): Promise<[string, number, number]> => [
    await page.evaluate('getComputedStyle(document.body).maxWidth'),
    await page.evaluate('document.documentElement.scrollWidth'),
    await page.evaluate('innerWidth'),
  ];

  it('follows what zxing reads from the symbol, in upper case, to the target, and is counted as a scan', async () => {
    const code = await made();
    const read = (await decodeWithZxing(await imageOf(code)))?.text;
    expect(read).toBe(`HTTP://Q.EXAMPLE/${code.slug.toUpperCase()}`);
    const { response, heading } = await seen(String(read));
    expect([response?.status(), page.url(), heading]).toEqual([200, target, 'Spring at the shop']);
    const [first] = await scansOf(code, 1);
    expect(first).toMatchObject({ source: 'qr', system: 'Linux', browser: expect.stringContaining('Chrom') });
  });

  it.skipIf(!hasZbar)('follows what zbar reads from it alike (where zbar is installed)', async () => {
    const code = await made({ imageOptions: { errorCorrection: 'Q' } });
    const [read] = await decodeWithZbar([await imageOf(code)]);
    await seen(String(read));
    expect(page.url()).toBe(target);
    expect((await scansOf(code, 1))[0]?.source).toBe('qr');
  });

  it('follows the short URL as it is shown, and is counted as a link; nobody asks it for anything twice', async () => {
    const code = await made();
    for (let time = 0; time < 2; time++) await seen(`http://q.example/${code.slug}`);
    expect(page.url()).toBe(target);
    expect((await scansOf(code, 2)).map(({ source }) => source)).toEqual(['link', 'link']);
  });

  it('shows a page that says so under an unknown slug, readable on a phone', async () => {
    await page.setViewportSize({ width: 360, height: 640 });
    const { response, heading, complaints } = await seen('http://q.example/NOBODY-KNOWS');
    expect([response?.status(), heading]).toEqual([404, 'This code leads nowhere']);
    const [maxWidth, contentPx, windowPx] = await styleOf();
    expect(maxWidth).not.toBe('none');
    expect(contentPx).toBeLessThanOrEqual(windowPx);
    expect(complaints.filter((text) => !text.includes('404'))).toEqual([]);
  });

  it('shows a page that says so when the code is archived', async () => {
    const code = await made();
    await fetch(`${deployment.client.baseUrl}/v1/codes/${code.id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${deployment.apiKey}` },
    });
    const { response, heading, complaints } = await seen(`http://q.example/${code.slug.toUpperCase()}`);
    expect([response?.status(), heading]).toEqual([410, 'This code is not in use any more']);
    expect((await styleOf())[0]).not.toBe('none');
    expect(complaints.filter((text) => !text.includes('410'))).toEqual([]);
  });
});
