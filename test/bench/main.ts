import { batch } from './batch.ts';
import { batchMemory } from './batch-memory.ts';
import { batchNeighbour } from './batch-neighbour.ts';
import { batchUpload } from './batch-upload.ts';
import { cached } from './cached.ts';
import { compact } from './compact.ts';
import { encode } from './encode.ts';
import { everySize } from './every-size.ts';
import { memory } from './memory.ts';
import { randomSpecs } from './random-specs.ts';
import { readerLimits } from './reader-limits.ts';
import { redirect } from './redirect.ts';
import { render } from './render.ts';
import { seed } from './seed.ts';
import { removeServiceFolders } from './service.ts';
import { soak } from './soak.ts';
import { soakStores } from './soak-stores.ts';

/** Each bench by name; it prints what it measured and throws when something is wrong rather than slow. */
const benches: Record<string, (args: string[]) => Promise<void>> = {
  encode,
  render,
  cached,
  redirect,
  batch,
  'batch-memory': batchMemory,
  'batch-neighbour': batchNeighbour,
  'batch-upload': batchUpload,
  seed,
  soak,
  'soak-stores': soakStores,
  memory,
  compact,
  'every-size': everySize,
  'random-specs': randomSpecs,
  'reader-limits': readerLimits,
};

const [name = '', ...args] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  console.error(
    `npm run bench -- NAME, where NAME is one of ${Object.keys(benches).join(', ')}; what came: ${name || 'nothing'}`,
  );
  process.exitCode = 2;
} else await bench(args).finally(removeServiceFolders);
