import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import Koa from 'koa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiContext } from '../../api/deps.ts';
import { readBody } from '../../api/middleware/read-body.ts';
import { readCsvUpload } from '../../api/middleware/read-csv-upload.ts';
import { readUpload } from '../../api/middleware/read-upload.ts';
import { AppError } from '../../shared/errors.ts';
import { eventually } from '../support/client.ts';

const limits = { fileBytes: 1000, bodyBytes: 2000 };

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}

const readers: Record<string, (ctx: ApiContext) => Promise<string>> = {
  logo: async (ctx) => (await readUpload(ctx, limits)).bytes.toString(),
  body: async (ctx) => (await readBody(ctx, 2000)).toString(),
  csv: async (ctx) =>
    (await readCsvUpload(ctx, { fileBytes: 1000, store: collect, discard: async () => undefined })).file,
};

/** What came of each request to /NAME-late (read once it is there) and /NAME-cut (read once its connection is gone). */
const outcomes: Record<string, string> = {};
const app = new Koa();
app.silent = true;
app.use(async (ctx) => {
  const [name = '', when] = ctx.path.slice(1).split('-');
  await eventually('the moment to read', async () => (when === 'cut' ? ctx.req.destroyed : ctx.req.complete));
  const read = readers[name]?.(ctx as unknown as ApiContext) ?? Promise.reject(new Error('no such reader'));
  ctx.body = await read.catch((error: unknown) => (error instanceof AppError ? error.code : String(error)));
  outcomes[ctx.path] = ctx.body as string;
});
const server = createServer(app.callback());
const port = (): number => (server.address() as AddressInfo).port;

beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => server.close());

describe.each(Object.keys(readers))('a %s', (name) => {
  it('is read when all of it was there before its reader', async () => {
    const file = name === 'csv' ? 'https://a.example' : 'bytes';
    const form = new FormData();
    form.append('file', new Blob([file]), 'a');
    const body = name === 'body' ? file : form;
    const answer = await fetch(`http://127.0.0.1:${port()}/${name}-late`, { method: 'POST', body });
    expect(await answer.text()).toBe(file);
  });

  it('is refused when its connection was gone before its reader came', async () => {
    const socket = connect(port(), '127.0.0.1');
    const head = `POST /${name}-cut HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 500\r\n\r\n`;
    socket.write(`${head}--b\r\n`, () => setImmediate(() => socket.destroy()));
    await eventually('an outcome', async () => outcomes[`/${name}-cut`] !== undefined);
    expect(outcomes[`/${name}-cut`]).toBe('incomplete_body');
  });
});

describe('a form of which a field was refused', () => {
  it('stores no file that comes while what was stored is taken back', async () => {
    const part = (head: string, body: string) => `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
    const twice = part('name="name"', 'a') + part('name="name"', 'b');
    const rest = `${part('name="file"; filename="a.csv"', 'https://a.example')}--b--\r\n`;
    const stored: string[] = [];
    const store = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
      stored.push('begun');
      stored.push(await collect(chunks));
    };
    const late = createServer(async (req, res) => {
      const discard = async (): Promise<void> => {
        socket.write(rest.slice(5));
        await eventually('the rest', async () => req.complete);
      };
      const ctx = new Koa().createContext(req, res) as unknown as ApiContext;
      const reading = readCsvUpload(ctx, { fileBytes: 1000, store, discard });
      res.end(await reading.then(String, (error: AppError) => error.message));
    });
    await once(late.listen(0, '127.0.0.1'), 'listening');
    const socket = connect((late.address() as AddressInfo).port, '127.0.0.1');
    const length = twice.length + rest.length;
    const type = 'Content-Type: multipart/form-data; boundary=b';
    // The boundary of the next part ends the field.
    socket.write(
      `POST / HTTP/1.1\r\nHost: a\r\n${type}\r\nContent-Length: ${length}\r\n\r\n${twice}${rest.slice(0, 5)}`,
    );
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain('name is given twice');
    expect(stored).toEqual([]);
    socket.destroy();
    late.close();
  });
});
