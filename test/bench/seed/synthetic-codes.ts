import { randomBytes } from 'node:crypto';
import type { CodeRow } from '../../../shared/adapters/database/code-store.ts';
import { dayMs } from '../../../shared/domain/scans/roll-up.ts';
import { bytesPerSlug, slugFrom } from '../../../shared/domain/slug.ts';

/** `most`: of the scans, those of the first code. */
export type SeedSize = { codes: number; scans: number; most: number; days: number };

/** A code to be made: how many scans it gets, and once they are there what they come to (bots left out). */
export type Planned = { id: string; index: number; scans: number; scanCount: number; lastScannedAt: number | null };

/** Codes behind the first share their scans by one over (rank + this): the most frequent one gets some thousands. */
const flatness = 200;
const words = ['Menu', 'Table', 'Poster', 'Spring', 'Autumn', 'Berlin', 'Paris', 'Ticket', 'Flyer', 'Window', 'Parcel'];
export const tags = Array.from({ length: 200 }, (_, index) => `campaign-${index}`);
export const rowsInBatch = 1000;
export const batchOf = (index: number): string => `bat_${Math.floor(index / rowsInBatch)}`;

function randomSlug(): string {
  for (;;) {
    const slug = slugFrom(randomBytes(bytesPerSlug));
    if (slug !== null) return slug;
  }
}

/** Plans codes in the order that they are made in: the first gets `most` scans, the others the rest by their rank. */
export function planCodes({ codes, scans, most: first }: SeedSize): Planned[] {
  const weights = Array.from({ length: codes - 1 }, (_, rank) => 1 / (rank + flatness));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let given = 0;
  let due = 0;
  const shares = weights.map((weight) => {
    due += ((scans - first) * weight) / sum;
    const share = Math.round(due) - given;
    given += share;
    return share;
  });
  return [first, ...shares].map((count, index) => ({
    id: `cod_${randomBytes(18).toString('base64url')}`,
    index,
    scans: count,
    scanCount: 0,
    lastScannedAt: null,
  }));
}

/** The row of a planned code, made within the year before `firstScan`; some are paused, archived, expired. */
export function seedCode(
  { id, index, scanCount, lastScannedAt }: Planned,
  { tenantId, firstScan, codes }: { tenantId: string; firstScan: number; codes: number },
): CodeRow {
  const createdAt = Math.floor(firstScan - 365 * dayMs + (index / codes) * 365 * dayMs);
  const target = `https://example.com/${words[index % words.length]?.toLowerCase()}/${index}`;
  const isBatch = index % 3 === 0;
  return {
    id,
    tenantId,
    slug: randomSlug(),
    shortOrigin: 'https://q.example.com',
    current: { version: 1, target, from: createdAt, changedBy: 'key_seed' },
    fallbackTarget: index % 10 === 0 ? 'https://example.com/closed' : null,
    paused: index % 20 === 3,
    archivedAt: index % 20 === 7 ? createdAt + dayMs : null,
    expiresAt: index % 20 === 11 ? firstScan : index % 20 === 13 ? firstScan + 3650 * dayMs : null,
    forwardQuery: index % 5 === 0,
    title:
      index % 8 === 5 ? null : `${words[(index * 7) % words.length]} ${words[(index * 3) % words.length]} ${index}`,
    tags:
      index === 0 ? [] : Array.from({ length: index % 4 }, (_, at) => tags[(index * (at + 1)) % tags.length] as string),
    imageOptions: index % 4 === 0 ? { size: 600, foreground: '#102030' } : {},
    externalId: index % 2 === 0 ? `SKU-${index}` : null,
    metadata: index % 4 === 1 ? { shop: index % 100 } : {},
    batchId: isBatch ? batchOf(index) : null,
    revision: 1,
    createdAt,
    updatedAt: createdAt,
    scanCount,
    lastScannedAt,
  };
}
