import type { ZipArchive } from 'archiver';

/** What archiver writes a ZIP into; `offset` counts the bytes that were written. */
type Engine = { offset: number; write(chunk: Buffer | string): boolean; end(): unknown };

const gatheredBytes = 64 * 1024;

/**
 * Has an archive hand its bytes on in large pieces. It writes each entry's header in a dozen pieces of some bytes, and all of the
 * directory at once in 17 for each entry: 10,000 entries came to 170,000 buffers that were alive together, 45 MB of heap, and to nearly
 * twice the processor time.
 */
export function gatherWrites(archive: ZipArchive): void {
  const { engine } = (archive as unknown as { _module: { engine: Engine } })._module;
  const write = engine.write.bind(engine);
  const end = engine.end.bind(engine);
  let gathered = Buffer.allocUnsafe(gatheredBytes);
  let sizeBytes = 0;

  /** Writing counts them once more. */
  const handOn = (bytes: Buffer): boolean => {
    engine.offset -= bytes.length;
    return write(bytes);
  };
  const flush = (): boolean => {
    if (sizeBytes === 0) return true;
    const bytes = gathered.subarray(0, sizeBytes);
    gathered = Buffer.allocUnsafe(gatheredBytes);
    sizeBytes = 0;
    return handOn(bytes);
  };
  engine.write = (chunk) => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    engine.offset += bytes.length;
    const isRead = sizeBytes + bytes.length <= gatheredBytes || flush();
    if (bytes.length > gatheredBytes) return handOn(bytes);
    sizeBytes += bytes.copy(gathered, sizeBytes);
    return isRead;
  };
  engine.end = () => {
    flush();
    return end();
  };
}
