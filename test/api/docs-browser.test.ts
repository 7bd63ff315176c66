import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chromiumPath, launchBrowser } from '../support/browser.ts';
import { describeOn } from '../support/servers.ts';
import { publicUrl, startApi } from './support/api-under-test.ts';

describeOn('the reference in a browser (where Chromium is installed)', chromiumPath, () => {
  let browser: Browser;
  let page: Page;
  const asked: string[] = [];
  const said: string[] = [];

  beforeAll(async () => {
    const { port } = await startApi({ config: { publicUrl: publicUrl.replace('https:', 'http:') } });
    browser = await launchBrowser({ 'qr.example.com': `127.0.0.1:${port}` });
    page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => message.type() === 'error' && said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    await page.goto('http://qr.example.com/docs');
    await page.locator('#operations-Renders-createRender').waitFor();
  });
  afterAll(async () => browser?.close());

  it('shows the operations with their schemas, examples and problems', async () => {
    expect(await page.locator('.opblock').count()).toBeGreaterThan(40);
    await page.locator('#operations-Renders-createRender .opblock-summary').click();
    const operation = page.locator('#operations-Renders-createRender');
    await operation.getByText('idempotency_in_progress').first().waitFor();
    expect(await operation.innerText()).toContain('https://example.com');
  });

  it('sends a request that is tried out, and shows its answer', async () => {
    await page.locator('#operations-Service-isAlive .opblock-summary').click();
    const operation = page.locator('#operations-Service-isAlive');
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation.locator('.live-responses-table .response-col_status').getByText('200').waitFor();
    expect(await operation.locator('.live-responses-table').innerText()).toContain('"status": "ok"');
  });

  it('asks no other host for anything, and says nothing on the console', async () => {
    const screenshot = process.env.SCREENSHOT;
    if (screenshot !== undefined) await page.screenshot({ path: screenshot });
    expect(asked.length).toBeGreaterThan(4);
    expect(asked.filter((url) => !url.startsWith('http://qr.example.com/') && !url.startsWith('data:'))).toEqual([]);
    expect(said).toEqual([]);
  });
});
