import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bucketOf } from '../../shared/domain/scans/roll-up.ts';
import { keptSecret } from '../../shared/kept-secret.ts';
import { createLog } from '../../shared/log.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { measureService } from './seed/measure-service.ts';
import { type Planted, plant } from './seed/plant.ts';
import { folderMb } from './seed/processes.ts';
import type { SeedSize } from './seed/synthetic-codes.ts';

/** What stands there "before": enough codes that none of them is asked for twice in a second. */
const before = { codes: 60_000, scans: 60_000 };

/**
 * Times creating, listing, analytics and redirects of the whole service on a nearly empty database and on a full one:
 * `--codes` (500,000), `--scans` (10,000,000), `--most` of them of one code (a tenth), `--days` (90). On SQLite in a folder that is removed
 * afterwards, or in the empty database of MONGO_URL. `--keep FOLDER` keeps what was loaded, for the next run to measure again.
 */
export async function seed(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      codes: { type: 'string', default: '500000' },
      scans: { type: 'string', default: '10000000' },
      days: { type: 'string', default: '90' },
      most: { type: 'string' },
      keep: { type: 'string' },
    },
  });
  const [codes, scans, days] = [values.codes, values.scans, values.days].map(Number) as [number, number, number];
  const most = values.most === undefined ? Math.round(scans / 10) : Number(values.most);
  if (![codes, scans, days, most].every((number) => Number.isInteger(number) && number > 0) || most > scans)
    throw new TypeError(
      '--codes, --scans, --most and --days are whole numbers, 1 or more, --most no more than --scans',
    );
  const few = { codes: Math.min(before.codes, codes >> 2), scans: Math.min(before.scans, scans >> 2) };
  await measureWith({ ...few, most: Math.round(few.scans / 10), days }, 'before', values.keep);
  await measureWith({ codes, scans, most, days }, 'after', values.keep);
}

async function measureWith(size: SeedSize, name: string, keep: string | undefined): Promise<void> {
  const dataDir = keep === undefined ? await mkdtemp(join(tmpdir(), 'qrf-bench-')) : resolve(keep, name);
  await mkdir(dataDir, { recursive: true });
  const mongoUrl = process.env.MONGO_URL === undefined ? null : databaseFor(process.env.MONGO_URL, name);
  const log = createLog('bench', 'warn');
  try {
    console.log(
      `${name}: ${size.codes} codes, ${size.scans} scans in ${size.days} days, ${mongoUrl ? 'MongoDB' : 'SQLite'}`,
    );
    const planted = await plantedIn(dataDir, () =>
      plant({ mongoUrl, dataDir }, size, { to: bucketOf(Date.now()), log }),
    );
    console.log(`  ${await folderMb(dataDir)} MB on the disk`);
    await withServiceIn(dataDir, mongoUrl, planted);
  } finally {
    if (keep === undefined) await rm(dataDir, { recursive: true, force: true });
  }
}

/** Answers what an earlier run has planted and kept, else plants it. */
async function plantedIn(dataDir: string, make: () => Promise<Planted>): Promise<Planted> {
  const record = join(dataDir, 'planted.json');
  const known = await readFile(record, 'utf8').catch(() => null);
  if (known !== null) return JSON.parse(known) as Planted;
  const planted = await make();
  await writeFile(record, JSON.stringify(planted));
  return planted;
}

/** The two sizes do not meet in one database. */
function databaseFor(mongoUrl: string, name: string): string {
  const url = new URL(mongoUrl);
  url.pathname = `${url.pathname.replace(/\/$/, '') || '/qrfactory'}_${name}`;
  return url.href;
}

async function withServiceIn(dataDir: string, mongoUrl: string | null, planted: Planted): Promise<void> {
  // npm start makes no key of its own for a database that is there.
  await keptSecret(join(dataDir, 'secret-key'), () => randomUUID());
  const env = { LOG_LEVEL: 'warn', WORKER_PROCESSES: '1', ...(mongoUrl !== null && { MONGO_URL: mongoUrl }) };
  const service = await startServiceProcess(dataDir, env);
  try {
    await service.ready();
    await measureService(service, planted);
    await service.process.end('SIGTERM');
  } finally {
    await service.destroy();
  }
}
