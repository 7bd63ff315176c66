import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readByteRange } from '../../api/byte-range.ts';
import type { Batch } from '../../shared/adapters/database/batch-store.ts';
import { batchArchiveKey } from '../../shared/domain/batches/batch-ids.ts';
import { unavailable } from '../../shared/errors.ts';
import { newBatch } from '../suites/database/batch-contract.ts';
import { eventually } from '../support/client.ts';
import { type ApiUnderTest, operatorKey, startApi } from './support/api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
  await api.addKey('other-tenants-key', 'write', 'other');
});

const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 251));
const sha256 = createHash('sha256').update(bytes).digest('hex');

async function batch(more: Partial<Batch> = {}): Promise<Batch> {
  const part = { part: 1, sizeBytes: bytes.length, sha256, firstRow: 1, lastRow: 3 };
  const ended: Partial<Batch> = {
    status: 'completed',
    completedAt: 1,
    expiresAt: Date.now() + 60_000,
    archive: [part],
  };
  const made = newBatch({ tenantId: 'default', untold: [], toBeTold: false, ...ended, ...more });
  const task = { id: `t-${made.id}`, kind: 'end-batch', tenantId: 'default', batchId: made.id, about: null } as const;
  await api.database.batches.accept(made, { ...task, jobId: 'j', queuedAt: Date.now() });
  const key = batchArchiveKey(made.id, { run: made.run, part: 1 });
  await api.objects.put(key, bytes, { contentType: 'application/zip', durable: true });
  return made;
}

describe('GET /v1/batches/:id/archive', () => {
  it('gives the ZIP under a plain name, with its checksum as the tag', async () => {
    const { id } = await batch({ name: '../Menüs & more "2026"' });
    const answer = await api.call(`/v1/batches/${id}/archive`);
    expect([answer.status, answer.body.equals(bytes)]).toEqual([200, true]);
    expect(answer.headers.get('etag')).toBe(`"${sha256}"`);
    expect(answer.headers.get('content-type')).toBe('application/zip');
    expect(answer.headers.get('content-length')).toBe('5000');
    expect(answer.headers.get('accept-ranges')).toBe('bytes');
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="Menus-more-2026.zip"; filename*=UTF-8''Men%C3%BCs%20%26%20more%20-2026.zip`,
    );
    const again = await api.call(`/v1/batches/${id}/archive`, { headers: { 'if-none-match': `"${sha256}"` } });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    const head = await api.call(`/v1/batches/${id}/archive?part=1`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '5000']);
  });

  it('goes on where a download broke off', async () => {
    const { id } = await batch();
    const range = (value: string, more: Record<string, string> = {}) =>
      api.call(`/v1/batches/${id}/archive`, { headers: { range: value, ...more } });
    const rest = await range('bytes=4000-');
    expect([rest.status, rest.headers.get('content-range')]).toEqual([206, 'bytes 4000-4999/5000']);
    expect(rest.body.equals(bytes.subarray(4000))).toBe(true);
    expect((await range('bytes=-10')).body.equals(bytes.subarray(4990))).toBe(true);
    const beyond = await range('bytes=5000-');
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */5000']);
    expect((await range('bytes=0-9', { 'if-range': '"another"' })).status).toBe(200);
    expect((await range('bytes=0-9', { 'if-range': `"${sha256}"` })).status).toBe(206);
    expect((await range('bytes=0-9,20-29')).status).toBe(200);
  });

  it('gives each part of several under a name of its own', async () => {
    const second = { part: 2, sizeBytes: 3, sha256: 'cd', firstRow: 11, lastRow: 20 };
    const { id, run } = await batch({
      name: 'Menus',
      archive: [{ part: 1, sizeBytes: bytes.length, sha256, firstRow: 1, lastRow: 10 }, second],
    });
    const key = batchArchiveKey(id, { run, part: 2 });
    await api.objects.put(key, Buffer.from('two'), { contentType: 'application/zip', durable: true });
    const parts = (await api.call(`/v1/batches/${id}`)).json().archive as { parts: { url: string }[] };
    const answers = await Promise.all(parts.parts.map(({ url }) => api.call(url.slice(url.indexOf('/v1/')))));
    expect(answers.map(({ body }) => body.length)).toEqual([bytes.length, 3]);
    expect(answers.map(({ headers }) => headers.get('content-disposition'))).toEqual(
      [1, 2].map((part) => `attachment; filename="Menus-part-${part}.zip"`),
    );
    expect((await api.call(`/v1/batches/${id}/archive?part=3`)).status).toBe(404);
  });

  it('says why there is none: not ended, expired, another part, another tenant', async () => {
    const running = await batch({ status: 'running', archive: null, completedAt: null, expiresAt: null });
    const early = await api.call(`/v1/batches/${running.id}/archive`);
    expect([early.status, early.json().code, early.headers.get('retry-after')]).toEqual([409, 'batch_not_ready', '1']);
    const old = await batch({ expiresAt: Date.now() - 1 });
    expect((await api.call(`/v1/batches/${old.id}/archive`)).json().code).toBe('batch_expired');
    const { id } = await batch();
    expect((await api.call(`/v1/batches/${id}/archive?part=2`)).status).toBe(404);
    const wrong = await api.call(`/v1/batches/${id}/archive?part=0`);
    expect(wrong.json()).toMatchObject({ status: 422, errors: [{ in: 'query', name: 'part', received: '0' }] });
    expect((await api.call(`/v1/batches/${id}/archive`, { key: 'other-tenants-key' })).status).toBe(404);
  });
});

describe('readByteRange', () => {
  it('gives bytes that lie within the whole, or says why not', () => {
    const bound = fc.option(fc.nat(3000), { nil: null });
    fc.assert(
      fc.property(bound, bound, fc.integer({ min: 1, max: 2000 }), (first, last, sizeBytes) => {
        const range = readByteRange(`bytes=${first ?? ''}-${last ?? ''}`, sizeBytes);
        const whole = Array.from({ length: sizeBytes }, (_, index) => index);
        if (first === null && last === null) return range === null;
        if (first !== null && last !== null && last < first) return range === null;
        const wanted =
          first === null ? whole.slice(last === 0 ? sizeBytes : -(last ?? 0)) : whole.slice(first, (last ?? 3000) + 1);
        if (wanted.length === 0) return range === 'unsatisfiable';
        if (range === null || range === 'unsatisfiable') return false;
        return range.offset === wanted[0] && range.sizeBytes === wanted.length;
      }),
    );
  });
});

const listenTo = (path: string) => fetch(path, { headers: { authorization: `Bearer ${operatorKey}` } });

describe('GET /v1/batches/:id/events', () => {
  type Event = { id: string; event: string; data: { status: string } };
  const eventsOf = (text: string): Event[] =>
    text
      .split('\n\n')
      .filter((block) => block.includes('event: '))
      .map((block) => {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
        return { id: field('id'), event: field('event'), data: JSON.parse(field('data')) };
      });

  it('tells how a batch stands, what changes, and its end', async () => {
    const made = await batch({ status: 'running', archive: null, completedAt: null, expiresAt: null });
    const response = await fetch(`http://127.0.0.1:${api.port}/v1/batches/${made.id}/events`, {
      headers: { authorization: `Bearer ${operatorKey}` },
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('event: progress')) text += (await reader.read()).value ?? '';
    expect(eventsOf(text).map(({ event, data }) => [event, data.status])).toEqual([['progress', 'running']]);
    await api.database.batches.replace({ ...made, status: 'completed', completedAt: 2, revision: made.revision + 1 });
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) text += chunk.value;
    expect(eventsOf(text).map(({ event, data }) => [event, data.status])).toEqual([
      ['progress', 'running'],
      ['progress', 'completed'],
      ['end', 'completed'],
    ]);
  });

  it('tells who comes back only what is new, and who knows the end that nothing comes', async () => {
    const { id } = await batch();
    const first = eventsOf((await api.call(`/v1/batches/${id}/events`)).body.toString());
    expect(first.map(({ event }) => event)).toEqual(['progress', 'end']);
    const lastEventId = (value: string) => ({ headers: { 'last-event-id': value } });
    const again = await api.call(`/v1/batches/${id}/events`, lastEventId(first[0]?.id ?? ''));
    expect(eventsOf(again.body.toString()).map(({ event }) => event)).toEqual(['end']);
    expect((await api.call(`/v1/batches/${id}/events`, lastEventId('end'))).status).toBe(204);
  });

  it('go on when the database did not answer for a while', async () => {
    const { id } = await batch();
    const { batches } = api.database;
    const { find } = batches;
    let calls = 0;
    batches.find = (asked) => {
      if (asked !== id || ++calls !== 2) return find(asked);
      return Promise.reject(unavailable('database_unavailable', 'away'));
    };
    try {
      const { body } = await api.call(`/v1/batches/${id}/events`);
      expect(eventsOf(body.toString()).map(({ event }) => event)).toEqual(['progress', 'end']);
      expect(calls).toBeGreaterThan(2);
    } finally {
      batches.find = find;
    }
  });

  it('do not tell the end of a run that another has followed', async () => {
    const made = await batch();
    await api.call(`/v1/batches/${made.id}/events`);
    const again: Partial<Batch> = { status: 'running', run: 2, archive: null, completedAt: null, expiresAt: null };
    await api.database.batches.replace({ ...made, ...again, revision: made.revision + 1 });
    const response = await fetch(`http://127.0.0.1:${api.port}/v1/batches/${made.id}/events`, {
      headers: { authorization: `Bearer ${operatorKey}` },
    });
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('event: progress')) text += (await reader.read()).value ?? '';
    expect(eventsOf(text).map(({ event, data }) => [event, data.status])).toEqual([['progress', 'running']]);
    await reader.cancel();
  });

  it('ends with the key that listens, and tells nothing more', async () => {
    const made = await batch({ status: 'running', archive: null, completedAt: null, expiresAt: null });
    await api.addKey('listening-key', 'read', made.tenantId);
    const response = await fetch(`http://127.0.0.1:${api.port}/v1/batches/${made.id}/events`, {
      headers: { authorization: 'Bearer listening-key' },
    });
    expect(response.status).toBe(200);
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('event: progress')) text += (await reader.read()).value ?? '';
    expect((await api.call('/v1/keys/key_listening-key', { method: 'DELETE' })).status).toBe(204);
    await api.database.batches.replace({ ...made, name: 'a secret', revision: made.revision + 1 });
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) text += chunk.value;
    expect(eventsOf(text).map(({ event }) => event)).toEqual(['progress']);
  });

  it('ends when the process begins to: the reader comes back to another one', async () => {
    const other = await startApi({ beside: api });
    const { id } = await batch({ status: 'running', archive: null, completedAt: null, expiresAt: null });
    const response = await listenTo(`http://127.0.0.1:${other.port}/v1/batches/${id}/events`);
    other.ending.abort();
    expect(await response.text()).not.toContain('event: end');
  });

  it('has so many listeners of a tenant at once, and so many of all', async () => {
    const { id } = await batch({ status: 'running', archive: null, completedAt: null, expiresAt: null });
    const path = `http://127.0.0.1:${api.port}/v1/batches/${id}/events`;
    const gone = new AbortController();
    const listen = () => fetch(path, { headers: { authorization: `Bearer ${operatorKey}` }, signal: gone.signal });
    const listening = await Promise.all([listen(), listen(), listen()]);
    expect(listening.map(({ status }) => status)).toEqual([200, 200, 200]);
    const refused = await api.call(`/v1/batches/${id}/events`);
    expect([refused.status, refused.json().code]).toEqual([429, 'too_many_listeners']);
    expect(refused.headers.get('retry-after')).toBe('10');
    const others = await api.call(`/v1/batches/${id}/events`, { key: 'other-tenants-key' });
    expect(others.status).toBe(404);
    gone.abort();
    await eventually('a place is free again', async () => {
      const { status, body } = await listenTo(path);
      await body?.cancel();
      return status === 200;
    });
  });
});
