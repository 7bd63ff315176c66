import mongoose from 'mongoose';
import { afterAll } from 'vitest';
import { uniquePrefix } from './servers.ts';

const urls: string[] = [];

afterAll(async () => {
  for (const url of urls.splice(0)) {
    const connection = await mongoose.createConnection(url).asPromise();
    await connection.dropDatabase();
    await connection.close();
  }
});

/** Returns the URL of a database of the test's own on the server at `serverUrl`; it is dropped after the test file. */
export function mongoDatabase(serverUrl: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${uniquePrefix()}`;
  urls.push(url.href);
  return url.href;
}
