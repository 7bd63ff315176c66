import { join } from 'node:path';
import type { ObjectsConfig } from '../../config.ts';
import type { ObjectStore } from './objects.ts';

/**
 * Connects the configured object store: S3, else the folder `objects` of the data directory.
 *
 * Its methods throw AppError `unavailable` (`storage_full` or `storage_unavailable`), S3 within about ten seconds.
 */
export async function connectObjects({ s3, dataDir }: ObjectsConfig): Promise<ObjectStore> {
  if (s3) return (await import('./s3-objects.ts')).openS3Objects(s3);
  return (await import('./folder-objects.ts')).openFolderObjects(join(dataDir, 'objects'));
}
