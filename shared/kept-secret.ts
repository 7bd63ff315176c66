import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Returns the secret that `file` holds, or makes it with `make` and keeps it there: readable by its owner only, whole or
 * not at all, on the disk when this returns.
 */
export async function keptSecret(file: string, make: () => string): Promise<{ value: string; made: boolean }> {
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (kept.trim() !== '') return { value: kept.trim(), made: false };
  const value = make();
  const partial = await open(`${file}.new`, 'w', 0o600);
  try {
    await partial.writeFile(`${value}\n`);
    await partial.sync();
  } finally {
    await partial.close();
  }
  await rename(`${file}.new`, file);
  const folder = await open(dirname(file));
  await folder.sync().finally(() => folder.close());
  return { value, made: true };
}
