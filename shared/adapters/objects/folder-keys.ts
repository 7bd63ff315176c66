import { hash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { reaching } from './folder-error.ts';
import { checkKey } from './object-names.ts';

/** Where files are written before they get their name; no key's folder begins with a dot. */
export const temporaryName = '.unfinished';

/** The folder of keys without a `/`, and what stands for one in a file's name: no key contains it. */
const separator = '+';

/** Where a key lies: its first folder, the folder of its hash, the file. */
export type Place = { top: string; shard: string; file: string };

/**
 * Says where a key lies. A key `renders/rnd_x.png` lies in `renders/3f/rnd_x.png`: 256 folders by hash, so that millions of files make
 * no folder large. Put together by hand: `join` would normalise again and again what `checkKey` lets through, for a tenth of the cost of storing.
 */
export function placeOf(folder: string, key: string): Place {
  checkKey(key);
  const slash = key.indexOf('/');
  const top = `${folder}${sep}${slash < 0 ? separator : key.slice(0, slash)}`;
  const shard = `${top}${sep}${hash('sha256', key, 'hex').slice(0, 2)}`;
  return { top, shard, file: `${shard}${sep}${key.slice(slash + 1).replaceAll('/', separator)}` };
}

/** Lists keys in the order of folders and files, one folder's names in memory at a time. */
export async function* listKeys(folder: string, prefix: string, after?: string): AsyncGenerator<string> {
  const [lastTop = '', lastShard = '', lastName = ''] =
    after === undefined ? [] : relative(folder, placeOf(folder, after).file).split(sep);
  for (const top of await namesIn(folder, 'folders')) {
    const base = top === separator ? '' : `${top}/`;
    if (top === temporaryName || !(base.startsWith(prefix) || prefix.startsWith(base)) || top < lastTop) continue;
    for (const shard of await namesIn(join(folder, top), 'folders')) {
      if (top === lastTop && shard < lastShard) continue;
      for (const name of await namesIn(join(folder, top, shard), 'files')) {
        if (top === lastTop && shard === lastShard && name <= lastName) continue;
        const key = base + name.replaceAll(separator, '/');
        if (key.startsWith(prefix)) yield key;
      }
    }
  }
}

/** Lists the names of one kind in a folder, sorted. Other kinds are not ours: somebody's notes, a file browser's droppings. */
export async function namesIn(path: string, kind: 'files' | 'folders'): Promise<string[]> {
  const entries = await reaching('list the objects', () => readdir(path, { withFileTypes: true }));
  const own = entries.filter((entry) => (kind === 'files' ? entry.isFile() : entry.isDirectory()));
  return own.map(({ name }) => name).sort();
}
