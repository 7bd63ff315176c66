import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The segments that lie in the journals of a DATA_DIR; an empty one, made before it is needed, is none. */
export async function segmentsBelow(dataDir: string): Promise<string[]> {
  const names = await readdir(join(dataDir, 'journal'), { recursive: true });
  const files = names.filter((name) => name.endsWith('.scans')).map((name) => join(dataDir, 'journal', name));
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return files.filter((_, index) => sizes[index] !== 0);
}
