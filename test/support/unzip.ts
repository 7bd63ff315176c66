import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether unzip's command is installed (Debian: `apt-get install unzip`). */
export const hasUnzip = spawnSync('unzip', ['-v'], { stdio: 'ignore' }).error === undefined;

/** One row of `manifest.json`; columns that the service does not know are there under their own names. */
export type ManifestRow = {
  row: number;
  line: number;
  name: string | null;
  file: string | null;
  content: string | null;
  shortUrl: string | null;
  sizeBytes: number | null;
  sha256: string | null;
  error: { code: string; detail: string; pointer: string | null } | null;
  [column: string]: unknown;
};

export type Unzipped = { images: Map<string, Buffer>; manifest: ManifestRow[]; csv: string };

/**
 * Unpacks a ZIP with Info-ZIP's unzip, which checks every CRC, and reads what came out of it.
 *
 * @throws Error with what unzip says when the ZIP is not whole
 */
export async function unzip(zip: Uint8Array): Promise<Unzipped> {
  const folder = await mkdtemp(join(tmpdir(), 'unzip-'));
  try {
    const file = join(folder, 'archive.zip');
    const out = join(folder, 'out');
    await writeFile(file, zip);
    await run('unzip', ['-qq', '-n', file, '-d', out]);
    const names = await readdir(out);
    const files = new Map(
      await Promise.all(names.map(async (name) => [name, await readFile(join(out, name))] as const)),
    );
    const take = (name: string): string => {
      const bytes = files.get(name);
      if (bytes === undefined) throw new Error(`No ${name} among ${names.length} files`);
      files.delete(name);
      return bytes.toString('utf8');
    };
    return { manifest: JSON.parse(take('manifest.json')), csv: take('manifest.csv'), images: files };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(command: string, args: string[]): Promise<void> {
  const options = { maxBuffer: 1024 * 1024, env: { ...process.env, LC_ALL: 'C.UTF-8' } };
  return new Promise((resolve, reject) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`${command}: ${error.message} ${stdout} ${stderr}`));
    });
  });
}
