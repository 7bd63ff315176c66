import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createCodeLookup } from '../../api/code-lookup.ts';
import { knownCodeOf } from '../../api/known-code.ts';
import type { CodeRow } from '../../shared/adapters/database/code-store.ts';
import { AppError } from '../../shared/errors.ts';
import { codeRow } from './support/code-row.ts';

/** A database in memory that can be away or never answer. */
function lookupUnderTest() {
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
    lookup.changed(row);
    expect((await find(slug))?.id).toBe(row.id);
    state.now = 1000;
    state.hangs = true;
    const asking = lookup.find('other');
    lookup.changed(codeRow({ slug: 'other' }));
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

describe('a database that does not answer', () => {
  it('is waited for once, not by everyone who comes after', async () => {
    const { rows, state, find, lookup, answerAll } = lookupUnderTest();
    rows.set(slug, row);
    await find(slug);
    state.hangs = true;
    state.now = 2000;
    expect((await find(slug))?.id).toBe(row.id);
    await expect(lookup.find('other')).rejects.toMatchObject({ kind: 'unavailable' });
    expect(state.asked).toBe(2);
    expect((await find(slug))?.id).toBe(row.id);
    expect(state.asked).toBe(2);
    state.hangs = false;
    state.now = 3000;
    rows.set(slug, newer);
    expect((await find(slug))?.revision).toBe(2);
    answerAll();
  });

  it('tells what it knows when it answers late after all', async () => {
    const { rows, state, lookup, answerAll } = lookupUnderTest();
    rows.set(slug, row);
    state.hangs = true;
    await expect(lookup.find(slug)).rejects.toMatchObject({ kind: 'unavailable' });
    answerAll();
    await new Promise((resolve) => setImmediate(resolve));
    expect(lookup.recall(slug)?.id).toBe(row.id);
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
