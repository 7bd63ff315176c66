import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isUnused } from '../../shared/segment-file.ts';

/** The segments that lie in the journals of a DATA_DIR; one made before it is needed is none. */
export async function segmentsBelow(dataDir: string): Promise<string[]> {
  const names = await readdir(join(dataDir, 'journal'), { recursive: true });
  const files = names.filter((name) => name.endsWith('.scans')).map((name) => join(dataDir, 'journal', name));
  const unused = await Promise.all(files.map((file) => isUnused(file).catch(() => true)));
  return files.filter((_, index) => !unused[index]);
}
