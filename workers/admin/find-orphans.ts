import type { Batch } from '../../shared/adapters/database/batch-store.ts';
import type { Database } from '../../shared/adapters/database/database.ts';
import type { ById } from '../../shared/adapters/database/purge-store.ts';
import type { ObjectStore } from '../../shared/adapters/objects/objects.ts';
import { batchArchiveKey, batchFileKey, batchPieceKey } from '../../shared/domain/batches/batch-ids.ts';
import { imageKey, logoKey } from '../../shared/domain/object-key.ts';
import { inParallel } from '../in-parallel.ts';
import { unownedKeepMs, withoutOwner } from '../purge/purge-orphans.ts';

/** What is compared with what. */
export type ObjectDeps = {
  database: Pick<Database, 'renders' | 'logos' | 'batches'>;
  objects: ObjectStore;
  now: () => number;
  pause: (ms: number) => Promise<void>;
};

/** What was found: how many were looked at, how many of these stand alone, the first of them; not `isWhole`: time was up before the end. */
export type Found = { looked: number; count: number; first: string[]; isWhole: boolean };

const pageSize = 500;
const askedAtOnce = 16;
/** So many are told by name. */
const mostNamed = 5;
/** A page of a purge takes less. */
const restMs = 2000;

function createFound() {
  const found: Found = { looked: 0, count: 0, first: [], isWhole: true };
  const add = (looked: number, alone: readonly string[]): void => {
    found.looked += looked;
    found.count += alone.length;
    found.first.push(...alone.slice(0, mostNamed - found.first.length));
  };
  return { found, add };
}

/** Finds objects that no row owns and that are a day old: younger ones may come before their rows. Changes nothing; a page is in memory. */
export async function findOrphans(deps: ObjectDeps, hasTime: () => boolean): Promise<Found> {
  const { objects, now } = deps;
  const { found, add } = createFound();
  const look = async (keys: string[]): Promise<void> => {
    const orphans = await withoutOwner(deps, keys);
    const ages = await inParallel(orphans, askedAtOnce, (key) => objects.modifiedAt(key));
    const old = orphans.filter((_, index) => (ages[index] ?? Number.POSITIVE_INFINITY) <= now() - unownedKeepMs);
    add(keys.length, old);
  };
  let page: string[] = [];
  for await (const key of objects.list('')) {
    if (page.push(key) < pageSize) continue;
    await look(page);
    page = [];
    if (!hasTime()) return { ...found, isWhole: false };
  }
  await look(page);
  return found;
}

/**
 * Finds objects that are not in the store although a row says so: images of completed renders, logos, and all of batches that are kept.
 * Changes nothing; a page is in memory. What is missed is looked at again after a rest: a purge removes the object before it says so.
 */
export async function findMissing(deps: ObjectDeps, hasTime: () => boolean): Promise<Found> {
  const { found, add } = createFound();
  const absentOf = async (keys: string[]): Promise<string[]> => {
    const ages = await inParallel(keys, askedAtOnce, (key) => deps.objects.modifiedAt(key));
    return keys.filter((_, index) => ages[index] === null);
  };
  for await (const { keys, saidStill } of wantedObjects(deps)) {
    let lost = await absentOf(keys);
    if (lost.length > 0) {
      await deps.pause(restMs);
      const still = new Set(await saidStill());
      lost = await absentOf(lost.filter((key) => still.has(key)));
    }
    add(keys.length, lost);
    if (!hasTime()) return { ...found, isWhole: false };
  }
  return found;
}

/** Keys that rows say to be there, some hundred at a time, and what the same rows say when they are read again. */
type Wanted = { keys: string[]; saidStill: () => Promise<string[]> };

async function* wantedObjects({ database, now }: ObjectDeps): AsyncGenerator<Wanted> {
  const { renders, logos, batches } = database;
  const imagesOf = async (page: ById) =>
    (await renders.walk(page)).map(({ id, format, isStored }) => ({ id, key: isStored ? imageKey(id, format) : null }));
  const logosOf = async (page: ById) =>
    (await logos.walk(page)).map(({ id, isStored }) => ({ id, key: isStored ? logoKey(id) : null }));
  for (const read of [imagesOf, logosOf])
    for await (const { page, rows } of pagesOf(read))
      yield { keys: keysIn(rows), saidStill: async () => keysIn(await read(page)) };
  for await (const { rows } of pagesOf((page) => batches.walk(page))) {
    for (const batch of rows.filter((each) => isKept(each, now()))) {
      for await (const keys of keysOfBatch(batches, batch)) {
        const saidStill = async () => {
          const again = await batches.find(batch.id);
          return again !== null && isKept(again, now()) ? keys : [];
        };
        yield { keys, saidStill };
      }
    }
  }
}

async function* pagesOf<Row extends { id: string }>(read: (page: ById) => Promise<Row[]>) {
  for (let after: string | null = null; ; ) {
    const page: ById = { after, limit: pageSize };
    const rows: Row[] = await read(page);
    yield { page, rows };
    after = rows.at(-1)?.id ?? null;
    if (rows.length < pageSize) return;
  }
}

function keysIn(rows: { key: string | null }[]): string[] {
  return rows.flatMap(({ key }) => (key === null ? [] : [key]));
}

/** From its expiry on the purge may be at it. */
function isKept({ expiresAt, finalCounts }: Batch, now: number): boolean {
  return finalCounts === null && (expiresAt === null || expiresAt > now);
}

/** The file, the archive, and the pieces that rows have their images in. */
async function* keysOfBatch(batches: Database['batches'], { id, run, archive }: Batch): AsyncGenerator<string[]> {
  yield [batchFileKey(id), ...(archive ?? []).map(({ part }) => batchArchiveKey(id, { run, part }))];
  let last = '';
  for (let after = 0; ; ) {
    const rows = await batches.listRows(id, { status: 'completed', after, limit: pageSize });
    const pieces = new Set(
      rows.flatMap(({ result }) => (result === null || result.piece === last ? [] : [result.piece])),
    );
    last = rows.at(-1)?.result?.piece ?? last;
    if (pieces.size > 0) yield [...pieces].map((piece) => batchPieceKey(id, piece));
    if (rows.length < pageSize) return;
    after = rows.at(-1)?.row ?? after;
  }
}
