/**
 * Proves any deployment from outside: npm run smoke -- URL [--key KEY]   (or the key in SMOKE_API_KEY)
 *
 * Prints one line a check and ends with 1 when one failed. What it made it deletes. Its reader is a development dependency:
 * it runs from a checkout, against a deployment anywhere.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import type { Content } from './shared/domain/content/content.ts';

type Answer = { status: number; headers: Headers; bytes: Buffer; json: Record<string, unknown> };
type RenderAnswer = { id: string; status: string; encodedText: string; completedAt: string; image: ImageAnswer };
type ImageAnswer = { url: string; contentType: string; width: number; sizeBytes: number; sha256: string };
type Sending = { headers?: Record<string, string>; body?: string | Uint8Array<ArrayBuffer>; keyless?: boolean };

const usage = 'usage: npm run smoke -- http://localhost:3000 --key qrf_…   (or SMOKE_API_KEY=qrf_…)';
const { values, positionals } = parseArgs({ options: { key: { type: 'string' } }, allowPositionals: true });
const key = values.key ?? process.env.SMOKE_API_KEY;
const [base] = positionals;
if (!base || !URL.canParse(base) || !key) {
  console.error(usage);
  process.exit(2);
}

const mark = `smoke-${randomBytes(8).toString('hex')}`;
const made = new Set<string>();

async function send(method: string, path: string, { headers = {}, body, keyless }: Sending = {}): Promise<Answer> {
  const authorization: Record<string, string> = keyless ? {} : { authorization: `Bearer ${key}` };
  const init = { method, headers: { ...authorization, ...headers }, signal: AbortSignal.timeout(60_000) };
  const response = await fetch(new URL(path, base), body === undefined ? init : { ...init, body });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    json: isJson ? (JSON.parse(bytes.toString()) as Record<string, unknown>) : {},
  };
}

function expectSame(what: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error(`${what}: got ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`);
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const json = { 'content-type': 'application/json', prefer: 'wait=20' };
  return send('POST', path, { headers: { ...json, ...headers }, body: JSON.stringify(body) });
}

/** Posts a render and waits for its end. */
async function render(spec: object): Promise<RenderAnswer> {
  const { status, json, bytes } = await post('/v1/renders', spec);
  if (status !== 200) throw new Error(`POST /v1/renders answered ${status}: ${bytes.toString()}`);
  const answer = json as unknown as RenderAnswer;
  made.add(`/v1/renders/${answer.id}`);
  expectSame('status', answer.status, 'completed');
  return answer;
}

/** Reads what an application would show, with a reader that shares no code with the encoder. */
async function decode(bytes: Buffer): Promise<string> {
  const png = await sharp(bytes).flatten({ background: '#ffffff' }).png().toBuffer();
  const [found] = await readBarcodes(new Uint8Array(png), { formats: ['QRCode'], textMode: 'Plain', tryHarder: true });
  if (!found) throw new Error('no code was found in the image');
  return found.text;
}

async function expectImage(answer: Answer, type: string, text: string, width: number): Promise<void> {
  expectSame('status', answer.status, 200);
  expectSame('Content-Type', answer.headers.get('content-type')?.split(';')[0], type);
  expectSame('width', (await sharp(answer.bytes).metadata()).width, width);
  expectSame('text read', await decode(answer.bytes), text);
}

function expectProblem({ status, headers, json }: Answer, wanted: number): void {
  expectSame('status', status, wanted);
  expectSame('Content-Type', headers.get('content-type')?.split(';')[0], 'application/problem+json');
  expectSame('Cache-Control', headers.get('cache-control'), 'no-store');
  for (const field of ['type', 'title', 'detail', 'code', 'requestId']) expectSame(field, typeof json[field], 'string');
  expectSame('status in the body', json.status, wanted);
}

const contents: Content[] = [
  { type: 'url', url: `https://example.com/${mark}?a=1&b=ü` },
  { type: 'text', text: `${mark} 漢字 ☕ zwei\nZeilen` },
  { type: 'vcard', firstName: 'Ada', lastName: 'Löwe; Byron', phone: ['+49 30 1'], email: ['a@b.example'], note: mark },
  { type: 'wifi', ssid: mark, password: 'a;b:c"d\\e', security: 'WPA', hidden: true },
  { type: 'email', to: ['a@b.example'], subject: mark, body: 'Grüße\nAda' },
  { type: 'phone', number: '+49301234567' },
  { type: 'sms', number: '+49301234567', message: mark },
  { type: 'geo', latitude: 52.516275, longitude: 13.377704, label: mark },
  { type: 'event', title: mark, start: '2030-01-01T09:00:00Z', end: '2030-01-01T10:00:00Z', location: 'Berlin' },
] as Content[]; // as clients send them: fields may be left out

const checks: [name: string, run: () => Promise<void>][] = [];
const check = (name: string, run: () => Promise<void>) => void checks.push([name, run]);

check('it is alive and ready', async () => {
  for (const path of ['/healthz', '/readyz'])
    expectSame(path, (await send('GET', path, { keyless: true })).status, 200);
});

for (const content of contents)
  for (const format of ['png', 'svg'] as const)
    check(`${content.type} as ${format} is read by an independent reader`, async () => {
      const { image, encodedText } = await render({ content, format, size: 400 });
      const answer = await send('GET', image.url, { keyless: true });
      await expectImage(answer, image.contentType, encodedText, 400);
      expectSame('sha256', createHash('sha256').update(answer.bytes).digest('hex'), image.sha256);
    });

check('a logo is uploaded, drawn and read', async () => {
  const logo = { width: 64, height: 64, channels: 3, background: '#cc2200' } as const;
  const body = new Uint8Array(await sharp({ create: logo }).png().toBuffer());
  const headers = { 'content-type': 'image/png', prefer: 'wait=20' };
  const { status, json } = await send('POST', '/v1/logos', { headers, body });
  expectSame('status', status, 201);
  const logoPath = `/v1/logos/${json.id}`;
  const content = { type: 'text', text: `${mark}-logo` };
  const { image } = await render({ content, size: 400, logo: { id: json.id, ratio: 0.2 } });
  await expectImage(await send('GET', image.url, { keyless: true }), 'image/png', content.text, 400);
  made.add(logoPath);
});

check('the same spec in another spelling is the same render, drawn once', async () => {
  const content = { type: 'url', url: `https://example.com/${mark}/again` };
  const first = await render({ content, foreground: '#00000a' });
  const second = await render({ foreground: '#00000A', margin: 4, size: 300, format: 'png', content });
  expectSame('id', second.id, first.id);
  expectSame('completedAt', second.completedAt, first.completedAt);
});

check('an image is cached for ever, and a known one costs no bytes', async () => {
  const { image } = await render({ content: contents[0] });
  const first = await send('GET', image.url, { keyless: true });
  expectSame('Cache-Control', first.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  const etag = first.headers.get('etag') ?? '';
  expectSame('a strong ETag', /^"[^"]+"$/.test(etag), true);
  const second = await send('GET', image.url, { keyless: true, headers: { 'if-none-match': etag } });
  expectSame('status with If-None-Match', second.status, 304);
});

check('a caller that does not wait is told where to look', async () => {
  const spec = { content: { type: 'text', text: `${mark}-later` } };
  const { status, headers, json } = await post('/v1/renders', spec, { prefer: 'respond-async' });
  made.add(`/v1/renders/${json.id}`);
  expectSame('status', status, 202);
  expectSame('Preference-Applied', headers.get('preference-applied'), 'respond-async');
  expectSame('Location', headers.get('location')?.endsWith(`/v1/renders/${json.id}`), true);
  expectSame('an integer Retry-After', /^\d+$/.test(headers.get('retry-after') ?? ''), true);
});

check('an Idempotency-Key makes one render, and refuses another request', async () => {
  const spec = { content: { type: 'text', text: `${mark}-once` } };
  const header = { 'idempotency-key': `"${mark}"` };
  const [first, second] = [await post('/v1/renders', spec, header), await post('/v1/renders', spec, header)];
  made.add(`/v1/renders/${first.json.id}`);
  expectSame('id', second.json.id, first.json.id);
  expectProblem(await post('/v1/renders', { ...spec, size: 500 }, header), 422);
});

check('401 without a key', async () => expectProblem(await send('GET', '/v1/renders', { keyless: true }), 401));
check('404 for what is not there', async () => expectProblem(await send('GET', '/v1/renders/rnd_nowhere'), 404));
check('405 with Allow for a wrong method', async () => {
  const answer = await send('PUT', '/v1/renders');
  expectProblem(answer, 405);
  expectSame('Allow names POST', answer.headers.get('allow')?.includes('POST'), true);
});
check('413 for a body over the limit', async () => {
  expectProblem(await post('/v1/renders', { content: { type: 'text', text: 'x'.repeat(5_000_000) } }), 413);
});
check('415 for a wrong type', async () => {
  const headers = { 'content-type': 'text/plain' };
  expectProblem(await send('POST', '/v1/renders', { headers, body: 'hello' }), 415);
});
check('422 names the field', async () => {
  const answer = await post('/v1/renders', { content: contents[0], size: 1 });
  expectProblem(answer, 422);
  expectSame('pointer', (answer.json.errors as { pointer: string }[])[0]?.pointer, '/size');
});

const openImages: [path: string, width: number][] = [
  [`/v1/qr?data=${mark}&size=300`, 300],
  [`/v1/create-qr-code/?data=${mark}&size=200x200`, 200],
  [`/qr?text=${mark}&size=200`, 200],
  [`/chart?cht=qr&chl=${mark}&chs=300x300`, 300],
];
for (const [path, width] of openImages)
  check(`GET ${path.split('?')[0]} answers an image in one call`, async () => {
    const open = await send('GET', path, { keyless: true });
    // OPEN_QR=false is a choice of the deployment, not a fault.
    await expectImage(open.status === 401 ? await send('GET', path) : open, 'image/png', mark, width);
  });

check('what it made can be deleted', async () => {
  for (const path of made) expectSame(`DELETE ${path}`, (await send('DELETE', path)).status, 204);
  const [first] = made;
  expectSame('then', (await send('GET', first ?? '/v1/renders/rnd_nowhere')).status, 404);
});

const wasm = await readFile(fileURLToPath(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')));
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });

let failures = 0;
for (const [name, run] of checks) {
  const failure = await run().then(
    () => null,
    (error: Error) => error.message,
  );
  if (failure !== null) failures++;
  console.log(failure === null ? `ok    ${name}` : `FAIL  ${name}: ${failure}`);
}
console.log(`${checks.length - failures} passed, ${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
