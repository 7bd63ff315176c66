import { describe, expect, it } from 'vitest';
import type { Database } from '../../../shared/adapters/database/database.ts';
import { noon, unique } from './rows.ts';

const claimOf = (scope = unique('scope')) => ({
  scope,
  tenantId: 'default',
  fingerprint: 'aa'.repeat(32),
  resourceId: unique('rnd'),
  holder: unique('holder'),
  leaseUntil: noon + 60_000,
  expiresAt: noon + 86_400_000,
});

/** What idempotency records and settings promise. */
export function claimsContract(connections: () => Database[]): void {
  const database = () => connections()[0] as Database;
  const idempotency = () => database().idempotency;

  describe('an idempotency claim', () => {
    it('is won by one of fifty callers on several connections, and all see what it reserved', async () => {
      const scope = unique('scope');
      const claims = Array.from({ length: 50 }, () => claimOf(scope));
      const answers = await Promise.all(
        claims.map((claim, index) => connections()[index % connections().length]?.idempotency.claim(claim, noon)),
      );
      const winners = answers.filter((answer) => answer?.won);
      expect(winners).toHaveLength(1);
      expect(new Set(answers.map((answer) => answer?.row.resourceId)).size).toBe(1);
      expect(winners[0]?.row).toEqual({ ...claims[answers.indexOf(winners[0])], answeredAt: null, sealedSecret: null });
    });

    it('stands until it expires, once it is answered', async () => {
      const claim = claimOf();
      await idempotency().claim(claim, noon);
      await idempotency().answered(claim, noon + 5, 'sealed');
      await idempotency().answered(claim, noon + 9, null);
      const other = { ...claimOf(claim.scope), fingerprint: 'bb'.repeat(32), expiresAt: claim.expiresAt * 2 };
      const later = claim.expiresAt - 1;
      const standing = { ...claim, answeredAt: noon + 5, sealedSecret: 'sealed' };
      expect(await idempotency().claim(other, later)).toEqual({ won: false, row: standing });
      await idempotency().release(claim);
      expect(await idempotency().claim(other, later)).toEqual({ won: false, row: standing });
      const won = { won: true, row: { ...other, answeredAt: null, sealedSecret: null } };
      expect(await idempotency().claim(other, claim.expiresAt)).toEqual(won);
    });

    it('whose lease ran out goes to the next equal request, with the id that was reserved first', async () => {
      const claim = claimOf();
      await idempotency().claim(claim, noon);
      const next = { ...claimOf(claim.scope), leaseUntil: claim.leaseUntil + 60_000 };
      const held = { won: false, row: { ...claim, answeredAt: null, sealedSecret: null } };
      expect(await idempotency().claim(next, claim.leaseUntil - 1)).toEqual(held);
      const other = { ...next, fingerprint: 'bb'.repeat(32) };
      expect(await idempotency().claim(other, claim.leaseUntil)).toEqual(held);
      const taken = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          connections()[index % connections().length]?.idempotency.claim(next, claim.leaseUntil),
        ),
      );
      const winners = taken.filter((answer) => answer?.won);
      expect(winners).toEqual([
        { won: true, row: { ...next, resourceId: claim.resourceId, answeredAt: null, sealedSecret: null } },
      ]);
    });

    it('is forgotten when its holder made nothing', async () => {
      const claim = claimOf();
      await idempotency().claim(claim, noon);
      await idempotency().release(claim);
      const next = claimOf(claim.scope);
      expect(await idempotency().claim(next, noon)).toEqual({
        won: true,
        row: { ...next, answeredAt: null, sealedSecret: null },
      });
    });
  });

  describe('an idempotency claim whose holder does not know what became of it', () => {
    it('goes to the next equal request at once, with the id that was reserved first', async () => {
      const claim = claimOf();
      await idempotency().claim(claim, noon);
      await idempotency().abandon(claim, noon + 1);
      const next = claimOf(claim.scope);
      const other = { ...next, fingerprint: 'bb'.repeat(32) };
      expect((await idempotency().claim(other, noon + 1)).won).toBe(false);
      const row = { ...next, resourceId: claim.resourceId, answeredAt: null, sealedSecret: null };
      expect(await idempotency().claim(next, noon + 1)).toEqual({ won: true, row });
    });

    it('stands when it was answered', async () => {
      const claim = claimOf();
      await idempotency().claim(claim, noon);
      await idempotency().answered(claim, noon, null);
      await idempotency().abandon(claim, noon + 1);
      const { row } = await idempotency().claim(claimOf(claim.scope), noon + 1);
      expect(row).toMatchObject({ holder: claim.holder, leaseUntil: claim.leaseUntil, answeredAt: noon });
    });
  });

  describe('an idempotency claim that lost its lease', () => {
    const takeOver = async () => {
      const claim = claimOf();
      await idempotency().claim(claim, noon);
      const next = { ...claimOf(claim.scope), leaseUntil: claim.leaseUntil + 60_000 };
      await idempotency().claim(next, claim.leaseUntil);
      return { claim, next: { ...next, resourceId: claim.resourceId } };
    };
    const standing = async (scope: string, now: number) => idempotency().claim(claimOf(scope), now);

    it('cannot release what its successor holds', async () => {
      const { claim, next } = await takeOver();
      await idempotency().release(claim);
      await idempotency().abandon(claim, noon);
      const row = { ...next, answeredAt: null, sealedSecret: null };
      expect(await standing(claim.scope, claim.leaseUntil + 1)).toEqual({ won: false, row });
    });

    it('cannot answer for its successor', async () => {
      const { claim, next } = await takeOver();
      await idempotency().answered(claim, noon + 1, 'of the first');
      await idempotency().answered(next, noon + 2, 'of the second');
      const row = { ...next, answeredAt: noon + 2, sealedSecret: 'of the second' };
      expect(await standing(claim.scope, claim.leaseUntil + 1)).toEqual({ won: false, row });
    });
  });

  it('idempotency records go when they have expired, the oldest first', async () => {
    const records = [5, 6, 7].map((expiresAt) => ({ ...claimOf(), leaseUntil: expiresAt, expiresAt }));
    for (const record of records) await idempotency().claim(record, 1);
    expect(await idempotency().purgeExpired(7, 1)).toBe(1);
    expect(await idempotency().purgeExpired(7, 5)).toBe(1);
    expect(await idempotency().purgeExpired(7, 5)).toBe(0);
    const { won } = await idempotency().claim({ ...claimOf(records[2]?.scope) }, 6);
    expect(won).toBe(false);
  });

  describe('a setting', () => {
    it('is stored once; every claim answers what stands there', async () => {
      const name = unique('setting');
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          connections()[index % connections().length]?.claimSetting(name, `value ${index}`),
        ),
      );
      expect(new Set(answers).size).toBe(1);
      expect(await database().claimSetting(name, 'late')).toBe(answers[0]);
    });

    it('is listed by the beginning of its name, until it is removed; then another may stand there', async () => {
      const prefix = unique('salt');
      const names = ['b', 'a%', 'a', '\u{10400}'].map((end) => `${prefix}:${end}`);
      for (const name of [...names, unique('salt')]) await database().claimSetting(name, `of ${name}`);
      const listed = (await database().listSettings(`${prefix}:`)).map(({ name }) => name);
      expect(listed).toEqual([2, 1, 0, 3].map((index) => names[index]));
      expect(await database().listSettings(`${prefix}:b`)).toEqual([{ name: names[0], value: `of ${names[0]}` }]);
      await database().removeSettings([names[0] as string, names[1] as string, unique('salt')]);
      await database().removeSettings([]);
      expect(await database().listSettings(prefix)).toHaveLength(2);
      expect(await database().claimSetting(names[0] as string, 'new')).toBe('new');
    });

    it('can be claimed while others remove it', async () => {
      const name = unique('setting');
      const claims = Array.from({ length: 60 }, async (_, index) => {
        const connection = connections()[index % connections().length] as Database;
        if (index % 3 === 0) return connection.removeSettings([name]);
        expect(await connection.claimSetting(name, `value ${index}`)).toMatch(/^value \d+$/);
      });
      await Promise.all(claims);
    });
  });
}
