import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { version } from '../../shared/version.ts';
import { root } from './source-files.ts';

type Locked = { version?: string; resolved?: string; optionalDependencies?: Record<string, string> };

const readJson = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));

describe('the package file', () => {
  it('is private, an ES module, and runs on Node 20.19 and later', () => {
    const { private: isPrivate, type, engines } = readJson('package.json');
    expect({ isPrivate, type, engines }).toEqual({ isPrivate: true, type: 'module', engines: { node: '>=20.19' } });
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
