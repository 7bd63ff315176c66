import type { CodeRow } from '../shared/adapters/database/code-store.ts';
import type { Database } from '../shared/adapters/database/database.ts';
import type { DayOwner } from '../shared/adapters/database/scan-store.ts';
import { bucketMs, dayMs, dayOf } from '../shared/domain/scans/roll-up.ts';
import { equalDays, type ScanDay } from '../shared/domain/scans/scan-day.ts';
import { AppError } from '../shared/errors.ts';
import { countBuckets, countTenant, countTenantDay, tellCodes } from './count-buckets.ts';
import { ledgerDay, ledgerDays, sideBySide, storedDays } from './ledger-days.ts';

export type RecountDeps = {
  database: Pick<Database, 'codes' | 'scans'>;
  /** Takes one line for each thing that differs. */
  say: (line: string) => void;
  /** Milliseconds since 1970. */
  now: () => number;
};

/** What was compared, and what of it was wrong; `left` could not be mended. */
export type Recounted = {
  codes: number;
  codeDays: number;
  tenantDays: number;
  scans: number;
  wrong: number;
  left: number;
  /** Days before are settled, their scans may be deleted: they are not compared. */
  settledBefore: number;
};

type Named = { codeId: string; tenantId: string };

/** How often a day is looked at again that others are counting just now. */
const maxLooks = 50;

const shownTime = (at: number): string => new Date(at).toISOString().slice(0, 16);
const shownOwner = ({ tenantId, codeId }: DayOwner): string => codeId ?? `tenant ${tenantId}`;

const scansIn = (day: ScanDay | undefined, start?: number): number =>
  [...(day ?? [])]
    .filter(([bucket]) => start === undefined || bucket === start)
    .reduce((sum, [, { counts }]) => sum + counts.reduce((more, { scanCount }) => more + scanCount, 0), 0);

/**
 * Compares what is counted with the ledger: the buckets and days of codes, the days of tenants, and what the codes say of
 * themselves; tells what differs, and mends it. Buckets that wait to be counted are no difference. Safe while the service runs.
 *
 * @param which id or slug of one code; null: all of them
 * @throws AppError `not-found` when there is no such code
 */
export async function recount(deps: RecountDeps, which: string | null): Promise<Recounted> {
  const run = new Recount(deps, await deps.database.scans.ledgerBegins());
  if (which === null) await run.everything();
  else await run.code(await findCode(deps.database.codes, which));
  return run.told;
}

async function findCode(codes: RecountDeps['database']['codes'], which: string): Promise<Named> {
  const code: CodeRow | null = (await codes.find(which)) ?? (await codes.findBySlug(which.toLowerCase()));
  if (code === null) throw new AppError('not-found', 'code_not_found', `There is no code with the id or slug ${which}`);
  return { codeId: code.id, tenantId: code.tenantId };
}

class Recount {
  readonly #deps: RecountDeps;
  readonly told: Recounted;

  constructor(deps: RecountDeps, settledBefore: number) {
    this.#deps = deps;
    this.told = { codes: 0, codeDays: 0, tenantDays: 0, scans: 0, wrong: 0, left: 0, settledBefore };
  }

  async everything(): Promise<void> {
    const tenants = new Set<string>();
    const { scans } = this.#deps.database;
    for (let next = await scans.nextCodeWithScans(''); next !== null; ) {
      await this.#codeDays(next);
      await this.#codeFacts(next);
      tenants.add(next.tenantId);
      next = await scans.nextCodeWithScans(next.codeId);
    }
    for (const tenantId of tenants) await this.#tenantDays(tenantId);
  }

  async code(named: Named): Promise<void> {
    const days = await this.#codeDays(named);
    await this.#codeFacts(named);
    for (const day of days) await this.#check({ tenantId: named.tenantId, codeId: null }, day);
  }

  /** Answers the days that the code has. */
  async #codeDays(owner: Named): Promise<number[]> {
    const { scans } = this.#deps.database;
    const from = this.told.settledBefore;
    const days: number[] = [];
    const both = sideBySide(ledgerDays(scans, owner.codeId, from), storedDays(scans, owner, from));
    for await (const { day, left, right } of both) {
      days.push(day);
      this.told.codeDays++;
      this.told.scans += scansIn(left?.rollUps);
      if (!equalDays(left?.rollUps ?? new Map(), right?.rollUps ?? new Map())) await this.#check(owner, day);
    }
    this.told.codes++;
    return days;
  }

  /** A tenant's days are looked for on every day from its first scan on: what is missing has no row to be found by. */
  async #tenantDays(tenantId: string): Promise<void> {
    const { scans } = this.#deps.database;
    const scope = { tenantId, codeIds: null };
    const owner = { tenantId, codeId: null };
    const checked = new Set<number>();
    for (let from = this.told.settledBefore; ; ) {
      const [next] = await scans.listBetween(scope, { from, to: this.#deps.now() + dayMs }, { limit: 1, after: null });
      if (next === undefined) break;
      checked.add(dayOf(next.at));
      from = dayOf(next.at) + dayMs;
    }
    for await (const { day } of storedDays(scans, owner, this.told.settledBefore)) checked.add(day);
    for (const day of checked) await this.#check(owner, day);
  }

  /** Compares a day exactly, though others may be counting it, and mends it. */
  async #check(owner: DayOwner, day: number): Promise<void> {
    if (owner.codeId === null) this.told.tenantDays++;
    for (let looks = 0, mended = false; looks < maxLooks; looks++) {
      const differing = await this.#differences(owner, day);
      if (differing.length === 0) return;
      const { scans } = this.#deps.database;
      const marks = await scans.marksBetween(owner, { from: day, to: day + dayMs });
      if (marks.length > 0) {
        await countBuckets(this.#deps.database, marks);
        continue;
      }
      if ((await this.#differences(owner, day)).length === 0) return;
      if (mended) break;
      this.#tell(owner, differing);
      await this.#mend(owner, day, differing);
      mended = true;
    }
    this.told.left++;
    this.#deps.say(`${shownOwner(owner)} ${shownTime(day).slice(0, 10)} still differs; run recount again`);
  }

  /** The buckets whose stored roll-up is not what lies below it. */
  async #differences(owner: DayOwner, day: number): Promise<{ start: number; stored: number; counted: number }[]> {
    const { scans } = this.#deps.database;
    for (let looks = 0; looks < maxLooks; looks++) {
      const before = await scans.findDay(owner, day);
      const counted = await this.#countedDay(owner, day);
      const after = await scans.findDay(owner, day);
      if (before?.revision !== after?.revision) continue;
      const stored: ScanDay = after?.rollUps ?? new Map();
      const starts = [...new Set([...stored.keys(), ...counted.keys()])].sort((a, b) => a - b);
      const only = (of: ScanDay, start: number): ScanDay => new Map([...of].filter(([bucket]) => bucket === start));
      return starts
        .filter((start) => !equalDays(only(stored, start), only(counted, start)))
        .map((start) => ({ start, stored: scansIn(stored, start), counted: scansIn(counted, start) }));
    }
    return [];
  }

  async #countedDay(owner: DayOwner, day: number): Promise<ScanDay> {
    const { scans } = this.#deps.database;
    if (owner.codeId !== null) return ledgerDay(scans, owner.codeId, day);
    const starts = Array.from({ length: dayMs / bucketMs }, (_, slot) => day + slot * bucketMs);
    return countTenant({ scans }, { owner, day, starts });
  }

  async #mend(owner: DayOwner, day: number, differing: { start: number }[]): Promise<void> {
    const { scans } = this.#deps.database;
    const { tenantId, codeId } = owner;
    if (codeId === null) return countTenantDay(scans, tenantId, day);
    await scans.mark(
      differing.map(({ start }) => ({ tenantId, codeId, start })),
      this.#deps.now(),
    );
    await countBuckets(this.#deps.database, await scans.marksBetween(owner, { from: day, to: day + dayMs }));
  }

  #tell(owner: DayOwner, differing: { start: number; stored: number; counted: number }[]): void {
    for (const { start, stored, counted } of differing) {
      this.told.wrong++;
      const how =
        stored === counted ? `${stored} scans, but told apart wrongly` : `${stored} scans, the ledger has ${counted}`;
      this.#deps.say(`${shownOwner(owner)} ${shownTime(start)}Z: counted ${how}; counted anew`);
    }
  }

  /** What the code says is compared with its days twice, since its roll-up may be telling it just now. */
  async #codeFacts({ codeId }: Named): Promise<void> {
    const { scans, codes } = this.#deps.database;
    const differs = async (): Promise<string | null> => {
      const [total] = await scans.totalsOf([codeId]);
      const code = await codes.find(codeId);
      if (code === null || total === undefined) return null;
      const same = code.scanCount === total.scanCount && code.lastScannedAt === total.lastScannedAt;
      return same ? null : `says ${code.scanCount} scans, its days have ${total.scanCount}`;
    };
    if ((await differs()) === null) return;
    const difference = await differs();
    if (difference === null) return;
    const marks = await scans.marksBetween({ tenantId: '', codeId }, { from: 0, to: this.#deps.now() + dayMs });
    if (marks.length === 0) {
      this.told.wrong++;
      this.#deps.say(`${codeId} ${difference}; told anew`);
    }
    await tellCodes(this.#deps.database, [codeId]);
  }
}
