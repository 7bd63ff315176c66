import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian and others keep Chromium; null where it is not installed (Debian: `apt-get install chromium`). */
export const chromiumPath =
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync) ?? null;

/** It runs as root on machines without a sandbox, and speaks to nobody but the pages under test. */
const flags = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts a headless Chromium with a new profile; the caller closes it.
 *
 * @param hosts where the names of pages lead instead of to the DNS: `{ 'q.example.com': '127.0.0.1:4711' }`, by http only
 * @throws Error when Chromium is not installed: ask `chromiumPath` first
 */
export async function launchBrowser(hosts: Record<string, string> = {}): Promise<Browser> {
  if (chromiumPath === null) throw new Error('Chromium is not installed');
  const rules = Object.entries(hosts).map(([name, address]) => `MAP ${name}:80 ${address}`);
  const args = rules.length === 0 ? flags : [...flags, `--host-resolver-rules=${rules.join(',')}`];
  return chromium.launch({ executablePath: chromiumPath, chromiumSandbox: false, args });
}
