import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSeal } from '../../shared/seal.ts';
import { createSigningSecrets, overlapMs, rotated } from '../../shared/signing-secrets.ts';

const key = 'a secret that is only for tests';

describe('a sealed secret', () => {
  it('opens to what was sealed, and looks different each time', () => {
    const seal = createSeal(key);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (secret, context) => {
        const sealed = seal.close(secret, context);
        expect(seal.open(sealed, context)).toBe(secret);
        expect(seal.close(secret, context)).not.toBe(sealed);
      }),
    );
  });

  it('opens under no other key or context, and not when it was changed', () => {
    const sealed = createSeal(key).close('whsec_1', 'here');
    expect(() => createSeal('another key').open(sealed, 'here')).toThrow();
    expect(() => createSeal(key).open(sealed, 'there')).toThrow();
    const changed = Buffer.from(sealed, 'base64url');
    changed[14] = (changed[14] as number) ^ 1;
    expect(() => createSeal(key).open(changed.toString('base64url'), 'here')).toThrow();
    expect(() => createSeal(key).open('', 'here')).toThrow();
  });
});

describe('signing secrets', () => {
  const signing = createSigningSecrets(key);

  it('are whsec_ and 32 bytes in base64', () => {
    const { entry, secret } = signing.make('sec_1', 5);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(entry).toEqual({ id: 'sec_1', sealed: expect.any(String), createdAt: 5, expiresAt: null });
    expect(signing.open(entry)).toBe(secret);
    expect(signing.unasked('t')).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(signing.unasked('t')).not.toBe(signing.unasked('other'));
  });

  it('are two while they rotate, never three', () => {
    const [one, two, three] = [signing.make('1', 0), signing.make('2', 10), signing.make('3', 20)];
    const twice = rotated(rotated([one.entry], two.entry), three.entry);
    expect(signing.live(twice, 20)).toEqual([three.secret, two.secret]);
    expect(signing.live(twice, 20 + overlapMs)).toEqual([three.secret]);
    expect(rotated([], one.entry)).toEqual([one.entry]);
  });
});
