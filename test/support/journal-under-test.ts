import { type FileHandle, mkdir, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Journal, type Segment } from '../../shared/journal.ts';
import { decodeLines } from '../../shared/journal-lines.ts';
import { temporaryFolder } from './servers.ts';

export type Item = { id: number; text: string };

export const itemsOf = async (file: string): Promise<Item[]> => decodeLines(await readFile(file)) as Item[];

let folders = 0;
export async function journalIn(
  options: Partial<Pick<ConstructorParameters<typeof Journal>[0], 'maxItems' | 'observe' | 'openFile' | 'restMs'>> = {},
) {
  const folder = join(await temporaryFolder(), String(++folders));
  await mkdir(folder);
  const sealed: Segment[] = [];
  const journal = new Journal<Item>({
    folder,
    id: 'j1',
    maxItems: 500,
    now: () => 1000,
    onSealed: (segment) => sealed.push(segment),
    ...options,
  });
  const onDisk = async (): Promise<Item[]> => {
    const files = (await readdir(folder)).sort();
    return (await Promise.all(files.map((file) => itemsOf(join(folder, file))))).flat();
  };
  return { folder, sealed, journal, onDisk };
}

export const item = (id: number): Item => ({ id, text: `text ${id}` });
export const items = (count: number): Item[] => Array.from({ length: count }, (_, index) => item(index));

export const itemsIn = async (segments: Segment[]): Promise<Item[]> =>
  (await Promise.all(segments.map(({ file }) => itemsOf(file)))).flat();

export const isRoom = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);

export type Part = { offset: number; length: number; position: number };
export type Write = (bytes: Buffer, part: Part) => Promise<{ bytesWritten: number; buffer: Buffer }>;

/** A new file whose writes go through `through`. */
export async function withWrite(file: string, through: (write: Write, bytes: Buffer, part: Part) => ReturnType<Write>) {
  const handle = await open(file, 'wx');
  const write = handle.write.bind(handle);
  const writePart: Write = (bytes, { offset, length, position }) => write(bytes, offset, length, position);
  handle.write = ((bytes: Buffer, offset: number, length: number, position: number) =>
    through(writePart, bytes, { offset, length, position })) as unknown as FileHandle['write'];
  return handle;
}
