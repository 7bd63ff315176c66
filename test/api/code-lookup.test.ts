import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCodeLookup } from '../../api/code-lookup.ts';
import { knownCodeOf } from '../../api/known-code.ts';
import type { CodeRow } from '../../shared/adapters/database/code-store.ts';
import type { HostRule } from '../../shared/domain/host-rules.ts';
import { AppError } from '../../shared/errors.ts';
import { codeRow } from './support/code-row.ts';

/** A database in memory that can be away or never answer. */
function lookupUnderTest({
  maxKnown = 1000,
  denied = [],
  isConnecting = false,
}: {
  maxKnown?: number;
  denied?: HostRule[];
  isConnecting?: boolean;
} = {}) {
  const rows = new Map<string, CodeRow>();
  const state = { asked: 0, away: false, hangs: false, now: 0 };
  const held: (() => void)[] = [];
  const lookup = createCodeLookup({
    async findBySlug(slug) {
      state.asked++;
      if (state.away) throw new Error('away');
      const row = rows.get(slug) ?? null;
      if (state.hangs) await new Promise<void>((resolve) => held.push(resolve));
      return row;
    },
    log: pino({ level: 'silent' }),
    maxKnown,
    denied,
    isConnecting,
    clock: () => state.now,
  });
  const find = async (slug: string) => {
    const known = lookup.recall(slug);
    return known === undefined ? lookup.find(slug) : known;
  };
  const answerAll = (): void => {
    for (const answer of held.splice(0)) answer();
  };
  return { rows, state, lookup, find, answerAll };
}

const row = codeRow();
const slug = row.slug;
const newer = codeRow({ revision: 2, target: 'https://example.com/new' });

describe('looking a code up', () => {
  it('asks the database once a second, for codes that are there and for those that are not', async () => {
    const { rows, state, find } = lookupUnderTest();
    rows.set(slug, row);
    for (let now = 0; now < 3000; now += 100) {
      state.now = now;
      expect((await find(slug))?.id).toBe(row.id);
      expect(await find('unknown')).toBe(null);
    }
    expect(state.asked).toBe(6);
  });

  it('sees a change of another process within a second', async () => {
    const { rows, state, find } = lookupUnderTest();
    rows.set(slug, row);
    await find(slug);
    rows.set(slug, newer);
    state.now = 1000;
    expect((await find(slug))?.target).toBe('https://example.com/new');
  });

  it('shares one query among all who ask for a slug at the same time', async () => {
    const { rows, state, find, answerAll } = lookupUnderTest();
    rows.set(slug, row);
    state.hangs = true;
    const finds = Array.from({ length: 50 }, () => find(slug));
    await Promise.resolve();
    answerAll();
    expect((await Promise.all(finds)).map((code) => code?.id)).toEqual(Array(50).fill(row.id));
    expect(state.asked).toBe(1);
  });

  it('knows a change that was made here at once, also when an older answer is still under way', async () => {
    const { rows, state, find, lookup, answerAll } = lookupUnderTest();
    rows.set(slug, row);
    state.hangs = true;
    const older = find(slug);
    lookup.changed(newer);
    answerAll();
    expect((await older)?.revision).toBe(2);
    expect(lookup.recall(slug)?.revision).toBe(2);
  });

  it('knows a code that was made here at once, although it was unknown a moment ago', async () => {
    const { state, find, lookup, answerAll } = lookupUnderTest();
    expect(await find(slug)).toBe(null);
    lookup.made(row);
    expect((await find(slug))?.id).toBe(row.id);
    state.now = 1000;
    state.hangs = true;
    const asking = lookup.find('other');
    await Promise.resolve();
    lookup.made(codeRow({ slug: 'other' }));
    answerAll();
    expect(await asking).not.toBe(null);
  });
});

describe('a database that is away', () => {
  it('leaves what is known answering, and is asked once a second', async () => {
    const { rows, state, find } = lookupUnderTest();
    rows.set(slug, row);
    await find(slug);
    state.away = true;
    for (state.now = 60_000; state.now < 65_000; state.now += 10) expect((await find(slug))?.id).toBe(row.id);
    expect(state.asked).toBe(6);
  });

  it('makes an unknown code a 503 with Retry-After, also one that did not exist before', async () => {
    const { state, find } = lookupUnderTest();
    expect(await find('unknown')).toBe(null);
    state.away = true;
    state.now = 1000;
    for (const asked of ['unknown', 'another']) {
      const error = await find(asked).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({ kind: 'unavailable', retryAfterS: 2 });
    }
  });

  it('is found again', async () => {
    const { rows, state, find } = lookupUnderTest();
    rows.set(slug, row);
    state.away = true;
    await expect(find(slug)).rejects.toThrow();
    state.away = false;
    await expect(find(slug)).rejects.toThrow();
    state.now = 1000;
    expect((await find(slug))?.id).toBe(row.id);
  });
});

describe('a database that is slow', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('leaves a code that was asked for a moment ago leading where it led, and is not waited for by those who come after', async () => {
    const { rows, state, find, lookup, answerAll } = lookupUnderTest();
    rows.set(slug, row);
    await find(slug);
    rows.set(slug, newer);
    state.hangs = true;
    state.now = 2000;
    const waiting = find(slug);
    await vi.advanceTimersByTimeAsync(300);
    expect((await waiting)?.revision).toBe(1);
    expect((await find(slug))?.revision).toBe(1);
    answerAll();
    await vi.advanceTimersByTimeAsync(1);
    expect(lookup.recall(slug)?.revision).toBe(2);
  });

  it('is waited for by who asks for a code that was never seen, two seconds long, whoever else found it slow', async () => {
    const { rows, state, find, answerAll } = lookupUnderTest();
    rows.set(slug, row);
    rows.set('cold', codeRow({ slug: 'cold', id: 'cod_cold' }));
    await find(slug);
    state.hangs = true;
    state.now = 2000;
    const [warm, cold] = [find(slug), find('cold')];
    await vi.advanceTimersByTimeAsync(300);
    expect((await warm)?.id).toBe(row.id);
    const another = find('another');
    await vi.advanceTimersByTimeAsync(1500);
    answerAll();
    expect((await cold)?.id).toBe('cod_cold');
    expect(await another).toBe(null);
  });

  it('is not away for all when one answer of many does not come', async () => {
    const { rows, state, find, answerAll } = lookupUnderTest();
    rows.set('cold', codeRow({ slug: 'cold' }));
    state.hangs = true;
    const lost = find('lost').catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1000);
    state.hangs = false;
    state.now = 1000;
    expect((await find('cold'))?.slug).toBe('cold');
    state.now = 2000;
    await vi.advanceTimersByTimeAsync(1100);
    expect(await lost).toMatchObject({ kind: 'unavailable' });
    expect(await find('nobody')).toBe(null);
    answerAll();
  });
});

describe('a database that does not answer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is waited for once, not by everyone who comes after', async () => {
    const { rows, state, find, answerAll } = lookupUnderTest();
    rows.set(slug, row);
    await find(slug);
    state.hangs = true;
    state.now = 2000;
    const other = find('other').catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(2100);
    expect(await other).toMatchObject({ kind: 'unavailable' });
    expect((await find(slug))?.id).toBe(row.id);
    await expect(find('another')).rejects.toMatchObject({ kind: 'unavailable' });
    expect(state.asked).toBe(2);
    state.hangs = false;
    state.now = 3000;
    rows.set(slug, newer);
    expect((await find(slug))?.revision).toBe(2);
    answerAll();
  });

  it('tells what it knows when it answers late after all', async () => {
    const { rows, state, lookup, find, answerAll } = lookupUnderTest();
    rows.set(slug, row);
    state.hangs = true;
    const waiting = find(slug).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(2100);
    expect(await waiting).toMatchObject({ kind: 'unavailable' });
    answerAll();
    await vi.advanceTimersByTimeAsync(1);
    expect(lookup.recall(slug)?.id).toBe(row.id);
  });
});

describe('a database that is not connected yet', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is waited for, so that a code leads where it was last sent, and one that nobody knew before is found', async () => {
    const { rows, state, find, lookup } = lookupUnderTest({ isConnecting: true });
    lookup.remember([knownCodeOf(row)]);
    state.away = true;
    const finds = [find(slug), find('fresh')];
    await vi.advanceTimersByTimeAsync(500);
    rows.set(slug, newer);
    rows.set('fresh', codeRow({ slug: 'fresh' }));
    state.away = false;
    lookup.connected();
    expect((await Promise.all(finds)).map((code) => code?.target)).toEqual([
      'https://example.com/new',
      'https://example.com/menu',
    ]);
  });

  it('is waited for two seconds in all, and asked at once when it is there after that', async () => {
    const { rows, state, find, lookup } = lookupUnderTest({ isConnecting: true });
    lookup.remember([knownCodeOf(row)]);
    rows.set(slug, newer);
    state.away = true;
    const first = find(slug);
    await vi.advanceTimersByTimeAsync(1999);
    const second = find(slug);
    await vi.advanceTimersByTimeAsync(1);
    expect([(await first)?.revision, (await second)?.revision]).toEqual([1, 1]);
    expect((await find(slug))?.revision).toBe(1);
    state.away = false;
    lookup.connected();
    expect((await find(slug))?.revision).toBe(2);
  });
});

describe('what is remembered', () => {
  it('is never given up for a code that was only made', async () => {
    const { rows, state, find, lookup } = lookupUnderTest({ maxKnown: 3 });
    for (const printed of ['one', 'two', 'three']) {
      rows.set(printed, codeRow({ slug: printed }));
      await find(printed);
    }
    for (const made of ['four', 'five', 'six']) lookup.made(codeRow({ slug: made }));
    expect([...lookup.codes()].map((code) => code.slug)).toEqual(['three', 'two', 'one']);
    state.away = true;
    state.now = 5000;
    expect((await find('one'))?.slug).toBe('one');
  });

  it('is a code that was just made, while there is room', async () => {
    const { state, find, lookup } = lookupUnderTest();
    lookup.made(row);
    state.away = true;
    expect((await find(slug))?.id).toBe(row.id);
  });

  it('takes a thousand bytes a code at most, so that long targets leave fewer', () => {
    const { lookup } = lookupUnderTest({ maxKnown: 100 });
    for (let count = 0; count < 100; count++)
      lookup.changed(codeRow({ slug: `slug${count}`, target: `https://example.com/${'x'.repeat(2000)}` }));
    expect([...lookup.codes()].length).toBe(43);
  });
});

describe('a code that was changed by another process', () => {
  it('leads to its new place when the database goes away before somebody asked for it here', async () => {
    const { rows, state, lookup, find } = lookupUnderTest();
    rows.set(slug, row);
    await find(slug);
    rows.set(slug, newer);
    expect((await lookup.renew(slug))?.target).toBe('https://example.com/new');
    expect(await lookup.renew(slug)).toBe(null);
    Object.assign(state, { away: true, now: 60_000 });
    expect(await lookup.renew(slug)).toBe(null);
    expect((await find(slug))?.target).toBe('https://example.com/new');
  });

  it('is looked up once more when it was asked for before the change, and not at all when nobody knows it here', async () => {
    const { rows, state, lookup, find, answerAll } = lookupUnderTest();
    rows.set(slug, row);
    expect(await lookup.renew(slug)).toBe(null);
    expect(state.asked).toBe(0);
    state.hangs = true;
    const asking = find(slug);
    while (state.asked === 0) await Promise.resolve();
    rows.set(slug, newer);
    const renewing = lookup.renew(slug);
    state.hangs = false;
    answerAll();
    expect((await asking)?.revision).toBe(1);
    expect((await renewing)?.revision).toBe(2);
    expect((await find(slug))?.revision).toBe(2);
  });
});

describe('a host that was denied after codes were made', () => {
  const denied = [{ host: 'evil.example', withSubdomains: true }];
  const bad = 'https://www.evil.example/x';

  it('is led to by none: such a code is as good as paused, and such a fallback target as none', async () => {
    const { rows, find } = lookupUnderTest({ denied });
    rows.set('target', codeRow({ slug: 'target', target: bad, fallbackTarget: 'https://example.com/' }));
    rows.set('fallback', codeRow({ slug: 'fallback', fallbackTarget: bad }));
    expect(await find('target')).toMatchObject({ paused: true, fallbackTarget: 'https://example.com/' });
    expect(await find('fallback')).toMatchObject({ paused: false, fallbackTarget: null });
  });

  it('is led to by none of an earlier process either', async () => {
    const { state, find, lookup } = lookupUnderTest({ denied });
    lookup.remember([knownCodeOf(codeRow({ target: bad }))]);
    state.away = true;
    expect((await find(slug))?.paused).toBe(true);
  });
});

describe('codes that an earlier process knew', () => {
  it('answer while the database is away, and are looked up when it is there', async () => {
    const { rows, state, find, lookup } = lookupUnderTest();
    lookup.remember([knownCodeOf(row)]);
    state.away = true;
    expect((await find(slug))?.target).toBe('https://example.com/menu');
    state.away = false;
    state.now = 1000;
    rows.set(slug, newer);
    expect((await find(slug))?.target).toBe('https://example.com/new');
  });

  it('are forgotten when the database has none', async () => {
    const { find, lookup } = lookupUnderTest();
    lookup.remember([knownCodeOf(row)]);
    expect(await find(slug)).toBe(null);
    expect([...lookup.codes()]).toEqual([]);
  });
});
