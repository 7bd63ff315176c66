import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configVariables, namesOfProperties } from './config-variables.ts';
import { root } from './source-files.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const readme = read('README.md');
const variables = configVariables(read('shared/config.ts'));
const sorted = (values: Iterable<string>) => [...new Set(values)].sort();
const captured = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] as string);

/** Defaults that are no constant, and how the table words them. */
const worded: Record<string, string> = {
  PUBLIC_URL: '`http://localhost:PORT`',
  SHORT_URL: '`PUBLIC_URL`',
  DATA_DIR: '`./data`',
  WORKER_PROCESSES: 'one per core',
  BOOTSTRAP_API_KEY: 'made by `npm start`',
  SECRET_KEY: 'made by `npm start`',
};

describe('the README', () => {
  it('lists exactly the variables that the configuration reads, with their defaults', () => {
    const section = readme.slice(readme.indexOf('## Configuration'), readme.indexOf('## On servers'));
    const rows = section.matchAll(/^\| `([A-Z0-9_]+)`( \(`_FILE`\))? \| ([^|]+) \|/gm);
    const listed = [...rows].map(([, name, file, initial]) => ({ name, hasFile: file !== undefined, initial }));
    const wanted = variables.map(({ name, hasFile, initial }) => ({
      name,
      hasFile,
      initial: worded[name] ?? initial ?? '–',
    }));
    const byName = (a: { name?: string }, b: { name?: string }) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1);
    expect(variables.length).toBeGreaterThan(20);
    expect(listed.sort(byName)).toEqual(wanted.sort(byName));
  });

  it('links to nothing in this repository that is not there', () => {
    const links = captured(readme, /\]\((?!https?:)([^)#]+)/g);
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('links to sections of the guide that are there', () => {
    const headings = captured(read('docs/guide.md'), /^## (.+)$/gm);
    const anchors = headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^a-z ]/g, '')
        .replaceAll(' ', '-'),
    );
    expect(sorted(captured(readme, /\(docs\/guide\.md#([^)]+)\)/g))).toEqual(sorted(anchors));
  });

  it('names no file or folder in its map that is not there', () => {
    const map = readme.slice(readme.indexOf('## File map'), readme.indexOf('## API'));
    const paths = captured(map, /^\| `([^`]+)` \|/gm);
    expect(paths.length).toBeGreaterThan(8);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = sorted(captured(readme, /npm run ([a-z:]+)/g));
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });
});

describe('the compose file', () => {
  const compose = read('docker-compose.yml');
  const example = read('.env.example');
  const ours = compose.slice(compose.indexOf('x-environment:'), compose.indexOf('  redis:\n'));

  it('sets no variable that the configuration does not read', () => {
    const known = new Set(variables.map(({ name }) => name));
    const set = captured(ours, /^\s+([A-Z][A-Z0-9_]+): /gm);
    expect(set.length).toBeGreaterThan(15);
    expect(set.filter((name) => !known.has(name))).toEqual([]);
  });

  it('gives the API alone nothing that workers read too', () => {
    const names = namesOfProperties(read('shared/config.ts'));
    const words = new Set(captured(read('workers/worker-process.ts'), /\b([a-z]\w+)\b/gi));
    const wanted = [...names].filter(([property]) => words.has(property)).map(([, name]) => name);
    expect(wanted).toEqual(expect.arrayContaining(['PUBLIC_URL', 'TARGET_DENY', 'MAX_CSV_ROWS', 'MAX_LOGO_PIXELS']));
    const ofApi = compose.slice(compose.indexOf('  api:\n'), compose.indexOf('  worker:\n'));
    expect(captured(ofApi, /^\s+([A-Z][A-Z0-9_]+): /gm).filter((name) => wanted.includes(name))).toEqual([]);
  });

  it('takes from .env exactly what .env.example shows', () => {
    expect(sorted(captured(compose, /\$\{([A-Z0-9_]+)/g))).toEqual(sorted(captured(example, /^([A-Z0-9_]+)=/gm)));
  });

  it('has the defaults that .env.example shows, and none for a secret', () => {
    const shown = [...example.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
    const taken = [...compose.matchAll(/\$\{([A-Z0-9_]+)(?::-([^}]*)|:\?[^}]*)\}/g)].map(([, name, value]) => [
      name,
      value ?? '',
    ]);
    expect(Object.fromEntries(taken)).toEqual(Object.fromEntries(shown));
  });

  it('has the defaults of the configuration', () => {
    const defaults = Object.fromEntries(variables.map(({ name, initial }) => [name, worded[name] ?? initial]));
    const taken = [...ours.matchAll(/^\s+([A-Z0-9_]+): \$\{\1:-([^}]*)\}/gm)].map(([, name, value]) => [name, value]);
    const constant = taken.filter(([name]) => !((name as string) in worded));
    expect(constant.length).toBeGreaterThan(8);
    expect(constant).toEqual(constant.map(([name]) => [name, defaults[name as string] ?? '']));
  });

  it("publishes the API's port and no other", () => {
    expect(captured(compose, /^( *)ports:/gm)).toHaveLength(1);
    expect(compose).toMatch(/ports:\n {6}- \$\{PUBLISH:-3000\}:3000\n/);
  });

  it('pins every image that it starts', () => {
    const images = captured(compose, /^\s+image: (\S+)/gm).filter((image) => image !== 'qrfactory');
    expect(images).toEqual(['redis:7', 'mongo:8', expect.stringMatching(/^quay\.io\/minio\/minio:RELEASE\.\d{4}-/)]);
  });
});

describe('the image', () => {
  it('is built from files that are there and that reach the builder', () => {
    const copied = captured(read('Dockerfile'), /^COPY (?!--from)(.+) \S+$/gm).flatMap((sources) => sources.split(' '));
    const admitted = captured(read('.dockerignore'), /^!(\S+)/gm);
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(sorted(copied)).toEqual(sorted(admitted));
  });

  it('does not run as root', () => {
    expect(read('Dockerfile')).toMatch(/^USER node$/m);
  });
});

describe('the decision records', () => {
  it('are numbered without a gap, and each names what was rejected', () => {
    const files = readdirSync(join(root, 'docs/decisions')).sort();
    expect(files.map((name) => Number(name.slice(0, 4)))).toEqual(files.map((_, index) => index + 1));
    for (const file of files) expect(read(`docs/decisions/${file}`), file).toMatch(/^## .*rejected/im);
  });
});
