import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { version } from '../../shared/version.ts';
import { temporaryFolder } from '../support/servers.ts';
import { root } from './source-files.ts';

type Locked = { version?: string; resolved?: string; optionalDependencies?: Record<string, string> };

const run = promisify(execFile);
const readJson = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));

describe('the package file', () => {
  it('is private, an ES module, and runs on Node 20.19 and later', () => {
    const { private: isPrivate, type, engines } = readJson('package.json');
    expect({ isPrivate, type, engines }).toEqual({ isPrivate: true, type: 'module', engines: { node: '>=20.19' } });
  });

  it('has commands that work where the source is not: in the image, which holds what was built and no compiler', async () => {
    const image = await temporaryFolder();
    await copyFile(join(root, 'package.json'), join(image, 'package.json'));
    const { scripts } = readJson('package.json');
    for (const name of ['admin', 'recount', 'smoke', 'start:api', 'start:workers']) {
      const [, entry = ''] = /(dist\/\S+\.js)/.exec(scripts[name]) ?? [];
      await mkdir(dirname(join(image, entry)), { recursive: true });
      await writeFile(join(image, entry), `console.log(${JSON.stringify(name)}, ...process.argv.slice(2));`);
      const { stdout } = await run('npm', ['run', '-s', name, '--', 'list'], { cwd: image });
      expect(stdout).toBe(`${name} list\n`);
    }
  });

  it('has the version that the service tells', () => {
    expect(readJson('package.json').version).toBe(version);
  });
});

describe('the lock file', () => {
  const packages: Record<string, Locked> = readJson('package-lock.json').packages;

  // npm ci refuses a lock that lacks one, and npm install leaves out what the registry does not have in that version:
  // hence the exact version of biome and the override of msgpackr-extract in package.json.
  it('has the native binaries of every platform, not only of the one that it was made on', () => {
    const native = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies),
    );
    expect(native.length).toBeGreaterThan(20);
    expect(native.filter((name) => !(`node_modules/${name}` in packages))).toEqual([]);
  });

  it('names no registry', () => {
    expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
  });
});
