import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export type SourceFile = { path: string; text: string };

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** Reads every source file that ships: the folders and the launcher. Paths are relative to the project. */
export function sourceFiles(): SourceFile[] {
  const launchers = readdirSync(root).filter((name) => name === 'start.ts');
  return ['api', 'workers', 'shared', 'smoke']
    .flatMap(filesBelow)
    .concat(launchers)
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}
