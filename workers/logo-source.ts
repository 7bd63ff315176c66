import { LRUCache } from 'lru-cache';
import type { Database } from '../shared/adapters/database/database.ts';
import type { ObjectStore } from '../shared/adapters/objects/objects.ts';
import { logoKey } from '../shared/domain/object-key.ts';
import type { LogoFacts } from '../shared/domain/render-spec.ts';
import { AppError } from '../shared/errors.ts';
import { readLogo } from './image/logo.ts';

export type LoadedLogo = { facts: LogoFacts; bytes: Buffer };
export type LogoSource = (logoId: string) => Promise<LoadedLogo>;

const cacheBytes = 32 * 1024 * 1024;

/**
 * Returns a function that loads a logo, its facts from the database and its bytes from the object store; the ones used last
 * stay in memory (32 MB), which is safe because a logo's id follows from its bytes.
 *
 * It throws AppError, not `unavailable`, when the logo is not there or is no image.
 */
export function createLogoSource({
  database,
  objects,
  logoPixels,
}: {
  database: Pick<Database, 'logos'>;
  objects: ObjectStore;
  logoPixels: number;
}): LogoSource {
  const load = async (id: string): Promise<LoadedLogo> => {
    const [[row], bytes] = await Promise.all([database.logos.findMany([id]), objects.get(logoKey(id))]);
    if (row === undefined || bytes === null)
      throw new AppError('invalid', 'logo_not_found', `The logo ${id} is not there any more`);
    if (row.error !== null) throw new AppError('invalid', row.error.code, row.error.detail);
    // One that came inline may be asked for before its check has ended: then this is the check of this render's logo.
    return { facts: row.result ?? (await readLogo(bytes, { maxPixels: logoPixels })), bytes };
  };
  const cache = new LRUCache<string, LoadedLogo>({
    maxSize: cacheBytes,
    sizeCalculation: ({ bytes }) => bytes.length + 1,
    fetchMethod: load,
    ignoreFetchAbort: true, // one that is evicted while it loads is still wanted by who asked
  });
  return (id) => cache.forceFetch(id);
}
