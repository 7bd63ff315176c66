import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAddressRule } from '../../../shared/adapters/outbound-addresses.ts';

describe('the rule of addresses', () => {
  const mayReach = createAddressRule([]);

  it.each(['1.1.1.1', '8.8.8.8', '93.184.216.34', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450::1'])(
    'lets %s be reached',
    (address) => expect(mayReach(address)).toBe(true),
  );

  it('refuses all of IPv6 but what is given out to the public', () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
    const address = fc.array(group, { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(address, (groups) => {
        const isPublic = (Number.parseInt(groups[0] as string, 16) & 0xe000) === 0x2000;
        if (!isPublic) expect(mayReach(groups.join(':'))).toBe(false);
      }),
    );
  });

  it('refuses what is no address', () => {
    for (const text of ['', 'localhost', 'fe80::1%eth0', '1.2.3', '1.2.3.4/8']) expect(mayReach(text)).toBe(false);
  });
});
