import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { createDailySalts, type DailySalts } from '../../api/visitor.ts';
import { visitorHash } from '../../shared/domain/scans/visitor.ts';
import { eventually } from '../support/client.ts';

const hour = 60 * 60 * 1000;
const day = 24 * hour;
const noon = Date.UTC(2026, 10, 24, 12);

const started: DailySalts[] = [];
afterEach(() => {
  for (const salts of started.splice(0)) salts.stop();
});

function settingsInMemory() {
  const stored = new Map<string, string>();
  const state = { away: false };
  const there =
    <Result>(act: () => Result) =>
    async (): Promise<Result> => {
      if (state.away) throw new Error('away');
      return act();
    };
  return {
    stored,
    state,
    claimSetting: (name: string, value: string) =>
      there(() => {
        if (!stored.has(name)) stored.set(name, value);
        return stored.get(name) as string;
      })(),
    listSettings: (prefix: string) =>
      there(() => [...stored].filter(([name]) => name.startsWith(prefix)).map(([name, value]) => ({ name, value })))(),
    removeSettings: (names: string[]) =>
      there(() => {
        for (const name of names) stored.delete(name);
      })(),
  };
}

function saltsOn(settings: ReturnType<typeof settingsInMemory>, clock = { now: noon }) {
  const salts = createDailySalts({ settings, log: pino({ level: 'silent' }), now: () => clock.now });
  started.push(salts);
  return salts;
}

describe('daily salts', () => {
  it('are there for today and tomorrow, random, and the same for every process', async () => {
    const settings = settingsInMemory();
    const [first, second] = [saltsOn(settings), saltsOn(settings)];
    expect(first.at(noon)).toBe(null);
    await first.start();
    await second.start();
    expect([...settings.stored.keys()]).toEqual(['salt:2026-11-24', 'salt:2026-11-25']);
    const [today, tomorrow] = [first.at(noon), first.at(noon + day)];
    expect(today).toMatch(/^[\w-]{43}$/);
    expect(today).not.toBe(tomorrow);
    expect([second.at(noon), second.at(noon + day)]).toEqual([today, tomorrow]);
  });

  it('change at midnight UTC', async () => {
    const salts = saltsOn(settingsInMemory());
    await salts.start();
    const midnight = Date.UTC(2026, 10, 25);
    expect(salts.at(midnight - 1)).toBe(salts.at(noon));
    expect(salts.at(midnight)).not.toBe(salts.at(noon));
  });

  it('are deleted an hour after their day, not before, and those of other settings never', async () => {
    const settings = settingsInMemory();
    settings.stored.set('secret_key_fingerprint', 'x');
    const clock = { now: noon };
    const first = saltsOn(settings, clock);
    await first.start();
    first.stop();
    clock.now = Date.UTC(2026, 10, 25, 0, 59);
    await saltsOn(settings, clock).start();
    expect([...settings.stored.keys()]).toContain('salt:2026-11-24');
    clock.now = Date.UTC(2026, 10, 25, 1, 0);
    await saltsOn(settings, clock).start();
    expect([...settings.stored.keys()].sort()).toEqual([
      'salt:2026-11-25',
      'salt:2026-11-26',
      'secret_key_fingerprint',
    ]);
  });

  it('that an earlier process knew hold while the database is away, and are fetched when it is back', async () => {
    const settings = settingsInMemory();
    const earlier = saltsOn(settings);
    await earlier.start();
    settings.state.away = true;
    const salts = saltsOn(settings);
    salts.remember(earlier.known());
    await salts.start();
    expect(salts.at(noon)).toBe(earlier.at(noon));
    const unknowing = saltsOn(settings);
    await unknowing.start();
    expect(unknowing.at(noon)).toBe(null);
    settings.state.away = false;
    await eventually('it has them', async () => unknowing.at(noon) !== null);
    expect(unknowing.at(noon)).toBe(earlier.at(noon));
  });
});

describe('a visitor', () => {
  const visit = { codeId: 'cod_1', address: '203.0.113.9', userAgent: 'curl' };

  it('is the same for the same visit and salt, and another when anything differs', () => {
    const visitorOf = visitorHash('salt');
    const visitor = visitorOf(visit);
    expect(visitorOf({ ...visit })).toBe(visitor);
    expect(visitorHash('salt')(visit)).toBe(visitor);
    const others = [
      visitorHash('other')(visit),
      visitorOf({ ...visit, codeId: 'cod_2' }),
      visitorOf({ ...visit, address: '203.0.113.8' }),
      visitorOf({ ...visit, userAgent: null }),
    ];
    expect(new Set([visitor, ...others]).size).toBe(5);
    for (const one of [visitor, ...others]) expect(one).toMatch(/^[\w-]{22}$/);
  });

  it('is an HMAC-SHA256', () => {
    const ascii = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(ascii, fc.string(), fc.string(), (salt, codeId, userAgent) => {
        const mac = createHmac('sha256', salt).update(`${codeId}|::1|${userAgent}`).digest('base64url');
        expect(visitorHash(salt)({ codeId, address: '::1', userAgent })).toBe(mac.slice(0, 22));
      }),
    );
  });
});
