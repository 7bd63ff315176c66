import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

export const segmentExtension = '.scans';

/** Each write is synced as by fdatasync before it returns: one trip to the thread pool instead of two. */
const syncedWrites = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DSYNC;

const blockBytes = 4096;
const mostRoomBytes = 1024 * 1024;

/** Makes a new file whose writes are durable when they return. */
export function openSegmentFile(file: string): Promise<FileHandle> {
  return open(file, syncedWrites, 0o600);
}

/**
 * Fills a new file with zeros, so many bytes in whole blocks and at most 1 MiB. To sync what is overwritten the disk writes just that;
 * a file that grows costs the file system a commit of its own, behind whatever else was written to it.
 */
export async function makeRoom(handle: FileHandle, bytes: number): Promise<void> {
  const room = Math.min(Math.ceil(bytes / blockBytes) * blockBytes, mostRoomBytes);
  if (room > 0) await writeWhole(handle, Buffer.alloc(room), 0);
}

/** Writes all of it at `position`: a disk that fills up takes a part without an error. */
export async function writeWhole(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const left = bytes.length - written;
    const { bytesWritten } = await handle.write(bytes, written, left, position + written);
    if (bytesWritten === 0) throw new Error('The disk took none of it');
    written += bytesWritten;
  }
}

/** Tells whether nothing was ever written to a segment: it is empty, or was made ahead, of zeros. */
export async function isUnused(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(1), 0, 1, 0);
    return bytesRead === 0 || buffer[0] === 0;
  } finally {
    await handle.close();
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}
