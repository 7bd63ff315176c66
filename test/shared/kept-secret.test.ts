import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keptSecret } from '../../shared/kept-secret.ts';
import { temporaryFolder } from '../support/servers.ts';

describe('a kept secret', () => {
  it('is made once, readable by its owner only, and the same from then on', async () => {
    const file = join(await temporaryFolder(), 'secret');
    expect(await keptSecret(file, () => 'first')).toEqual({ value: 'first', made: true });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await keptSecret(file, () => 'second')).toEqual({ value: 'first', made: false });
  });

  it('is made anew when a crash left an empty file', async () => {
    const file = join(await temporaryFolder(), 'secret');
    await writeFile(file, '');
    expect(await keptSecret(file, () => 'fresh')).toEqual({ value: 'fresh', made: true });
    expect(await readFile(file, 'utf8')).toBe('fresh\n');
  });
});
