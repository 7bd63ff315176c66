import { randomFillSync } from 'node:crypto';
import type { ScanDevice, ScanRow, ScanSource } from '../../../shared/adapters/database/scan-store.ts';
import { dayOf } from '../../../shared/domain/scans/roll-up.ts';
import { scanId } from '../../../shared/domain/scans/scan-id.ts';

const countries = 'DE US FR GB IT ES NL AT CH PL SE DK NO FI BE IE PT CZ GR HU RO BG HR SK SI LT LV EE JP BR'.split(
  ' ',
);
const cities = Array.from({ length: 3000 }, (_, index) => `Town-${index}`);
const referrers = Array.from({ length: 300 }, (_, index) => `www.site-${index}.example`);
const languages = 'de en fr es it nl pl sv da nb fi pt cs el hu ro bg hr sk ja'.split(' ');
const agents: [ScanDevice, string, string][] = [
  ['mobile', 'iOS', 'Safari'],
  ['mobile', 'Android', 'Chrome'],
  ['mobile', 'Android', 'Samsung Internet for Android'],
  ['desktop', 'Windows', 'Chrome'],
  ['desktop', 'macOS', 'Safari'],
  ['desktop', 'Windows', 'Microsoft Edge'],
  ['tablet', 'iOS', 'Safari'],
  ['desktop', 'Linux', 'Firefox'],
];

/** Takes the first of a list often, the last seldom. */
const skewed = <Item>(items: readonly Item[]): Item => items[Math.floor(items.length * Math.random() ** 3)] as Item;

const pool = Buffer.alloc(28 * 1024);
let used = pool.length;
function take(bytes: number): Buffer {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.subarray(used - bytes, used);
}

const sourceOf = (lot: number): ScanSource | null => (lot < 0.8 ? 'qr' : lot < 0.98 ? 'link' : null);

/**
 * Makes a code's scans day by day, oldest first, anywhere in the range. A tenth are bots'; one in seven is by who has scanned
 * that code before on that day.
 */
export function* syntheticScans(
  owner: { tenantId: string; codeId: string },
  { count, from, to }: { count: number; from: number; to: number },
): Generator<{ day: number; scans: ScanRow[] }> {
  const times = Float64Array.from({ length: count }, () => from + Math.floor(Math.random() * (to - from))).sort();
  let day = -1;
  let scans: ScanRow[] = [];
  for (const at of times) {
    if (dayOf(at) !== day) {
      if (scans.length > 0) yield { day, scans };
      day = dayOf(at);
      scans = [];
    }
    scans.push(syntheticScan(owner, at, scans));
  }
  if (scans.length > 0) yield { day, scans };
}

function syntheticScan(owner: { tenantId: string; codeId: string }, at: number, earlier: ScanRow[]): ScanRow {
  const [device, system, browser] = skewed(agents);
  const city = Math.random() < 0.15 ? null : Math.floor(cities.length * Math.random() ** 3);
  const again = Math.random() < 1 / 7 ? earlier[Math.floor(Math.random() * earlier.length)] : undefined;
  return {
    id: scanId(at, take(12).toString('base64url')),
    ...owner,
    at,
    version: 1,
    fallbackTarget: null,
    source: sourceOf(Math.random()),
    country: city === null ? skewed(countries) : (countries[city % countries.length] as string),
    city: city === null ? null : (cities[city] as string),
    visitor: again?.visitor ?? take(16).toString('base64url'),
    device,
    system,
    browser,
    referrer: Math.random() < 0.6 ? null : skewed(referrers),
    language: Math.random() < 0.05 ? null : skewed(languages),
    bot: Math.random() < 0.1,
  };
}
