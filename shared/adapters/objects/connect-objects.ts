import { join } from 'node:path';
import type { ObjectsConfig } from '../../config.ts';
import { openFolderObjects } from './folder-objects.ts';
import type { ObjectStore } from './objects.ts';
import { openS3Objects } from './s3-objects.ts';

/**
 * Connects the configured object store: S3, else the folder `objects` of the data directory.
 *
 * Its methods throw AppError `unavailable` (`storage_full` or `storage_unavailable`), S3 within about ten seconds.
 */
export function connectObjects(config: ObjectsConfig): Promise<ObjectStore> {
  return config.s3 ? openS3Objects(config.s3) : openFolderObjects(join(config.dataDir, 'objects'));
}
