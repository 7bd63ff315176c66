import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, onTestFinished } from 'vitest';
import { connectDatabase } from '../../shared/adapters/database/connect-database.ts';
import type { Database } from '../../shared/adapters/database/database.ts';
import type { ScanRow } from '../../shared/adapters/database/scan-store.ts';
import { type Client, eventually, inParallel } from './client.ts';
import type { Deployment } from './deployment.ts';
import { segmentsBelow } from './journal-files.ts';
import { startOurProcess } from './our-process.ts';

export type MadeCode = { id: string; slug: string };

/** Makes a dynamic code. */
export async function makeCode(client: Client, more: Record<string, unknown> = {}): Promise<MadeCode> {
  const answer = await client.post('/v1/codes', { target: 'https://example.com/menu', ...more });
  if (answer.status !== 201) throw new Error(`POST /v1/codes: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as MadeCode;
}

const browser =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1';

/** What was asked for and what was answered, by the mark that each scan bears in its referrer. */
export type Scanned = { requested: Set<string>; answered: Set<string> };

let marks = 0;

/** Scans a code once, with a mark of its own; answers the status, null when no answer came. */
export async function scanOnce(
  baseUrl: string,
  { slug }: MadeCode,
  scanned: Scanned,
  more: Record<string, string> = {},
): Promise<number | null> {
  const mark = `n${++marks}.example`;
  scanned.requested.add(mark);
  const headers = { 'user-agent': browser, referer: `https://${mark}/`, ...more };
  const answer = await fetch(`${baseUrl}/${slug.toUpperCase()}`, { redirect: 'manual', headers }).catch(() => null);
  await answer?.arrayBuffer().catch(() => undefined);
  if (answer?.status === 302) scanned.answered.add(mark);
  return answer?.status ?? null;
}

/**
 * Scans codes from `width` clients until `count` scans were answered, whatever happens to the API meanwhile; each client rests `restMs`
 * between two scans.
 */
export async function scanMany(
  deployment: Deployment,
  codes: MadeCode[],
  { count, width, restMs = 0 }: { count: number; width: number; restMs?: number },
): Promise<Scanned> {
  const scanned: Scanned = { requested: new Set(), answered: new Set() };
  await inParallel(Array.from({ length: count }), width, async (_, index) => {
    const code = codes[index % codes.length] as MadeCode;
    while ((await scanOnce(deployment.client.baseUrl, code, scanned)) !== 302) await pause(50);
    if (restMs > 0) await pause(restMs);
  });
  return scanned;
}

/** Opens the database of a deployment until the test is over. */
export async function openLedger(env: Record<string, string>): Promise<Database> {
  const config = { mongoUrl: env.MONGO_URL ?? null, dataDir: env.DATA_DIR as string };
  const database = await connectDatabase(config, pino({ level: 'silent' }));
  onTestFinished(() => database.close());
  return database;
}

/** Every scan of a code in the ledger, oldest first. */
export async function ledgerOf(database: Database, code: MadeCode): Promise<ScanRow[]> {
  const rows: ScanRow[] = [];
  const all = { limit: 500, order: 'oldest-first', from: null, to: null, bots: 'include', source: null } as const;
  for (;;) {
    const last = rows.at(-1);
    const page = await database.scans.list(code.id, { ...all, after: last ? { at: last.at, id: last.id } : null });
    rows.push(...page);
    if (page.length < all.limit) return rows;
  }
}

/** Waits until nothing is left in the journals and every roll-up is counted. */
export async function untilCounted({ env }: Deployment, database: Database, timeoutMs = 120_000): Promise<void> {
  const dataDir = env.DATA_DIR as string;
  await eventually('the journals are empty', async () => (await segmentsBelow(dataDir)).length === 0, timeoutMs);
  await eventually('all is counted', async () => (await database.scans.dirtyBuckets(1)).length === 0, timeoutMs);
}

/**
 * Expects answered ⊆ ledger ⊆ requested, none twice, once everything is delivered, and that a recount finds nothing to mend.
 */
export async function expectEachScanOnce(
  deployment: Deployment,
  database: Database,
  codes: MadeCode[],
  { requested, answered }: Scanned,
): Promise<void> {
  await untilCounted(deployment, database);
  const rows = (await Promise.all(codes.map((code) => ledgerOf(database, code)))).flat();
  const recorded = rows.map(({ referrer }) => referrer as string);
  const ledger = new Set(recorded);
  expect(recorded.length - ledger.size).toBe(0);
  expect([...answered].filter((mark) => !ledger.has(mark))).toEqual([]);
  expect([...ledger].filter((mark) => !requested.has(mark))).toEqual([]);
  for (const code of codes) {
    const shown = (await (await deployment.client.get(`/v1/codes/${code.id}`)).json()) as { scanCount: number };
    expect(shown.scanCount).toBe((await ledgerOf(database, code)).length);
  }
  await expectNothingToMend(deployment);
}

/** Expects that `npm run recount` finds every count as the ledger has it. */
export async function expectNothingToMend({ env }: Deployment): Promise<void> {
  const recount = startOurProcess('workers/recount/main.js', env);
  const { code } = await recount.ended;
  expect({ code, told: recount.lines.at(-1) }).toEqual({
    code: 0,
    told: expect.stringContaining(' 0 wrong, 0 not mended'),
  });
}
