import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { greetingOf } from '../../shared/greeting.ts';
import { temporaryFolder } from '../support/servers.ts';

const address = 'http://127.0.0.1:3000';
const curlLine = (text: string): string => text.split('\n').find((line) => line.includes('curl ')) ?? '';

/** What a shell makes of the line, with curl replaced by something that prints its arguments. */
function argumentsOf(line: string, cwd: string, env: Record<string, string> = {}): string[] {
  const script = `curl() { printf '%s\\n' "$@"; }; ${line.trim()}`;
  return execFileSync('sh', ['-c', script], { cwd, encoding: 'utf8', env: { ...process.env, ...env } }).split('\n');
}

describe('the greeting', () => {
  it('shows a key that was made just now, and uses it in the curl line', () => {
    const text = greetingOf({
      address,
      dataDir: '/w/data',
      workingDir: '/w',
      key: { made: 'qrf_new', file: '/w/data/api-key' },
    });
    expect(text).toContain('qrf_new  (shown this once; it also lies in data/api-key)');
    expect(argumentsOf(curlLine(text), '/')).toContain('Authorization: Bearer qrf_new');
    expect(argumentsOf(curlLine(text), '/')).toContain('{"content":{"type":"url","url":"https://example.com"}}');
  });

  it.each(['data', "it's a folder", 'with $(id) and "quotes"'])(
    'reads a kept key from its file below %j, from any folder',
    async (name) => {
      const workingDir = await temporaryFolder();
      const file = join(workingDir, name, 'api-key');
      mkdirSync(join(workingDir, name));
      writeFileSync(file, 'qrf_kept\n');
      const text = greetingOf({ address, dataDir: join(workingDir, name), workingDir, key: { file } });
      expect(text).not.toContain('qrf_kept');
      expect(argumentsOf(curlLine(text), '/')).toContain('Authorization: Bearer qrf_kept');
    },
  );

  it('names the variable that gave the key', () => {
    const text = greetingOf({ address, dataDir: '/d', workingDir: '/w', key: { variable: 'BOOTSTRAP_API_KEY' } });
    const sent = argumentsOf(curlLine(text), '/', { BOOTSTRAP_API_KEY: 'qrf_given' });
    expect(sent).toContain('Authorization: Bearer qrf_given');
  });

  it('calls an address that listens everywhere by its loopback name', () => {
    const text = greetingOf({ address: 'http://0.0.0.0:80', dataDir: '/d', workingDir: '/w', key: { variable: 'K' } });
    expect(curlLine(text)).toContain('http://127.0.0.1:80/v1/renders');
  });
});
