import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockFolder } from '../../../shared/adapters/folder-lock.ts';
import { temporaryFolder } from '../../support/servers.ts';

/** Another process that holds the lock. */
async function holder(folder: string) {
  const module = join(import.meta.dirname, '../../../dist/shared/adapters/folder-lock.js');
  const script = `const { lockFolder } = await import(${JSON.stringify(module)});
    const lock = lockFolder(${JSON.stringify(folder)}); console.log('held'); setInterval(() => lock, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe('the lock of a folder', () => {
  it('is refused while another process holds it, and names that one', async () => {
    const folder = await temporaryFolder();
    const child = await holder(folder);
    expect(() => lockFolder(folder)).toThrow(`${folder} is in use by another QRFactory (process ${child.pid})`);
    child.kill('SIGKILL');
  });

  it('is free again after kill -9 of its holder, and tells that the end was not in order', async () => {
    const folder = await temporaryFolder();
    const child = await holder(folder);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = lockFolder(folder);
    expect(lock.unclean).toBe(true);
    lock.close();
    const next = lockFolder(folder);
    expect(next.unclean).toBe(false);
    next.close();
  });
});
