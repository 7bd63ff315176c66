import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../shared/adapters/objects/objects.ts';

const png = { contentType: 'image/png', durable: false };

async function collect(keys: AsyncIterable<string>): Promise<string[]> {
  const collected: string[] = [];
  for await (const key of keys) collected.push(key);
  return collected.sort();
}

/** What every object store promises. `connect` opens one that is empty. */
export function objectsSuite(connect: () => Promise<ObjectStore>): void {
  let store: ObjectStore;

  beforeAll(async () => {
    store = await connect();
  });
  afterAll(() => store.close());

  it('gives back the bytes that were put, durably or not', async () => {
    for (const durable of [true, false]) {
      const bytes = randomBytes(100_000);
      await store.put('given/back.png', bytes, { contentType: 'image/png', durable });
      const found = await store.get('given/back.png');
      expect(found?.equals(bytes)).toBe(true); // toEqual takes seconds
    }
  });

  it('keeps an empty object and tells it from none', async () => {
    await store.put('empty/object', Buffer.alloc(0), png);
    expect(await store.get('empty/object')).toEqual(Buffer.alloc(0));
    expect(await store.get('empty/other')).toBeNull();
  });

  describe('a stream', () => {
    const inPieces = async function* (bytes: Buffer, size = 100_000): AsyncGenerator<Uint8Array, void> {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    const read = async (key: string, range: { offset: number; sizeBytes: number }): Promise<Buffer | null> => {
      const stream = await store.getStream(key, range);
      if (stream === null) return null;
      const pieces: Buffer[] = [];
      for await (const piece of stream) pieces.push(piece);
      return Buffer.concat(pieces);
    };

    it.each([0, 1, 100_000, 9_000_000])(
      'of %i bytes is stored whole and given back, whole and in part',
      async (size) => {
        const bytes = randomBytes(size);
        await store.putStream('streamed/whole', inPieces(bytes), { contentType: 'text/csv' });
        expect((await store.get('streamed/whole'))?.equals(bytes)).toBe(true);
        expect((await read('streamed/whole', { offset: 0, sizeBytes: size }))?.equals(bytes)).toBe(true);
        const range = { offset: Math.floor(size / 3), sizeBytes: Math.floor(size / 2) };
        const part = bytes.subarray(range.offset, range.offset + range.sizeBytes);
        expect((await read('streamed/whole', range))?.equals(part)).toBe(true);
      },
    );

    it.each([10, 9_000_000])('that breaks off after %i bytes stores nothing and throws its own error', async (size) => {
      const broken = async function* (): AsyncGenerator<Uint8Array, void> {
        yield* inPieces(randomBytes(size));
        throw new Error('cut off');
      };
      const storing = store.putStream('streamed/broken', broken(), { contentType: 'text/csv' });
      await expect(storing).rejects.toThrow('cut off');
      expect(await store.get('streamed/broken')).toBeNull();
      expect(await collect(store.list('streamed/broken'))).toEqual([]);
    });

    it('of nothing is null', async () => {
      expect(await store.getStream('streamed/none', { offset: 0, sizeBytes: 5 })).toBeNull();
    });
  });

  it('replaces what was there', async () => {
    await store.put('replaced.svg', Buffer.from('a longer old one'), { contentType: 'image/svg+xml', durable: false });
    await store.put('replaced.svg', Buffer.from('new'), { contentType: 'image/svg+xml', durable: false });
    expect(String(await store.get('replaced.svg'))).toBe('new');
  });

  it('leaves one whole object when many put under one key at once', async () => {
    const candidates = Array.from({ length: 20 }, (_, index) => Buffer.alloc(50_000, index));
    await Promise.all(candidates.map((bytes) => store.put('raced/for', bytes, png)));
    const kept = await store.get('raced/for');
    expect(candidates.some((bytes) => kept?.equals(bytes))).toBe(true);
  });

  it('removes an object, and one that is not there', async () => {
    await store.put('removed/soon', Buffer.from('x'), png);
    await store.remove('removed/soon');
    await store.remove('removed/soon');
    expect(await store.get('removed/soon')).toBeNull();
    expect(await collect(store.list('removed/'))).toEqual([]);
  });

  it('lists the keys that begin with a prefix, also one that ends within a name', async () => {
    const keys = ['lists/a.png', 'lists/ab.png', 'lists/deep/er/c', 'lists2/a.png', 'list'];
    for (const key of keys) await store.put(key, Buffer.from(key), png);
    expect(await collect(store.list('lists/'))).toEqual(['lists/a.png', 'lists/ab.png', 'lists/deep/er/c']);
    expect(await collect(store.list('lists/a'))).toEqual(['lists/a.png', 'lists/ab.png']);
    expect(await collect(store.list('lists/deep/'))).toEqual(['lists/deep/er/c']);
    expect(await collect(store.list('list'))).toEqual([...keys].sort());
    expect(await collect(store.list('nothing/'))).toEqual([]);
    expect(await collect(store.list(''))).toEqual(expect.arrayContaining(keys));
  });

  it('lists more keys than one page holds, each once', async () => {
    const keys = Array.from({ length: 1100 }, (_, index) => `paged/${index}`);
    for (let from = 0; from < keys.length; from += 50)
      await Promise.all(keys.slice(from, from + 50).map((key) => store.put(key, Buffer.from('x'), png)));
    expect(await collect(store.list('paged/'))).toEqual([...keys].sort());
  });

  it('lists what lies behind a key, also one that is gone, in an order that stays', async () => {
    const keys = ['a', 'a.b', 'a-b', 'b', 'deep/a', 'deep/b-c', ...Array.from({ length: 30 }, (_, i) => `n${i}`)];
    for (const key of keys) await store.put(`order/${key}`, Buffer.from(key), png);
    const inOrder: string[] = [];
    for await (const key of store.list('order/')) inOrder.push(key);
    expect([...inOrder].sort()).toEqual(keys.map((key) => `order/${key}`).sort());
    await store.remove(inOrder[9] as string);
    for (const at of [0, 9, 20, inOrder.length - 1]) {
      const rest: string[] = [];
      for await (const key of store.list('order/', inOrder[at])) rest.push(key);
      expect(rest).toEqual(inOrder.slice(at + 1).filter((key) => key !== inOrder[9]));
    }
  });

  it('tells when an object was stored last', async () => {
    expect(await store.modifiedAt('modified/never')).toBeNull();
    const before = Date.now();
    await store.put('modified/at', Buffer.from('x'), png);
    const modifiedAt = (await store.modifiedAt('modified/at')) as number;
    expect(Math.abs(modifiedAt - before)).toBeLessThan(60_000);
    await new Promise((resolve) => setTimeout(resolve, 1100)); // S3 tells whole seconds
    await store.put('modified/at', Buffer.from('y'), png);
    expect(await store.modifiedAt('modified/at')).toBeGreaterThan(modifiedAt);
  });

  it('has nothing unfinished, and removes no object as such', async () => {
    await store.put('finished', Buffer.from('x'), png);
    await store.removeUnfinished(Date.now() + 60_000);
    expect(String(await store.get('finished'))).toBe('x');
  });

  it('stores and lists whatever key is allowed', async () => {
    const part = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,20}$/);
    const key = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `any/${parts.join('/')}`);
    await fc.assert(
      fc.asyncProperty(key, fc.uint8Array({ maxLength: 100 }), async (key, bytes) => {
        await store.put(key, Buffer.from(bytes), png);
        expect(await store.get(key)).toEqual(Buffer.from(bytes));
        expect(await collect(store.list(key))).toContain(key);
        await store.remove(key);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    '../escape',
    'a/../../escape',
    '/etc/passwd',
    'a//b',
    'a/',
    '.hidden/x',
    'a/.x',
    'a\\b',
    'a\0b',
    'a+b',
    'ä',
    '',
    'x'.repeat(201),
  ])('refuses the key %j', async (key) => {
    await expect(store.put(key, Buffer.from('x'), png)).rejects.toThrow(/Object key/);
    await expect(store.get(key)).rejects.toThrow(/Object key/);
    await expect(store.remove(key)).rejects.toThrow(/Object key/);
    if (key !== '' && key !== 'a/') await expect(async () => collect(store.list(key))).rejects.toThrow(/Object key/);
  });

  it('answers a ping', async () => {
    await expect(store.ping()).resolves.toBeUndefined();
  });
}
