import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import mongoose from 'mongoose';
import type { Deployment } from './deployment.ts';
import type { OurProcess } from './our-process.ts';

/** Bytes that a deployment has left behind, by where they lie. */
export type Traces = Map<string, Buffer>;

async function filesBelow(folder: string): Promise<[string, Buffer][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  // What is gone meanwhile was a segment that is delivered, or a file that took its place.
  const read = await Promise.all(paths.map((path) => readFile(path).catch(() => Buffer.alloc(0))));
  return paths.map((path, index) => [path, read[index] as Buffer]);
}

async function documentsOf(mongoUrl: string): Promise<[string, Buffer][]> {
  const connection = await mongoose.createConnection(mongoUrl).asPromise();
  try {
    const collections = await connection.listCollections();
    return await Promise.all(
      collections.map(async ({ name }): Promise<[string, Buffer]> => {
        const found = await connection.collection(name).find({}, { raw: true }).toArray();
        return [`MongoDB ${name}`, Buffer.concat(found as unknown as Buffer[])];
      }),
    );
  } finally {
    await connection.close();
  }
}

/**
 * Reads whatever a deployment keeps: all files of its DATA_DIR (the SQLite file, journals, the snapshot), its database's documents,
 * every command that has ever changed its Redis (its append-only file), and what its processes have logged.
 */
export async function tracesOf({ env, redis }: Deployment, processes: readonly OurProcess[]): Promise<Traces> {
  const [, redisFolder] = (await redis.send('CONFIG', 'GET', 'dir')) as [string, string];
  return new Map([
    ...(await filesBelow(env.DATA_DIR as string)),
    ...(await filesBelow(redisFolder)),
    ...(env.MONGO_URL === undefined ? [] : await documentsOf(env.MONGO_URL)),
    ...processes.map(({ name, lines }): [string, Buffer] => [`log of ${name}`, Buffer.from(lines.join('\n'))]),
  ]);
}

/** Returns the places whose bytes hold a text, in ASCII. */
export function placesOf(traces: Traces, text: string): string[] {
  return [...traces].filter(([, bytes]) => bytes.includes(text)).map(([place]) => place);
}
