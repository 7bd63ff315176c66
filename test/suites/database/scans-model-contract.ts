import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../../shared/adapters/database/database.ts';
import type { ScanRow, ScanStore } from '../../../shared/adapters/database/scan-store.ts';
import { bucketMs, dayMs, dayOf } from '../../../shared/domain/scans/roll-up.ts';
import { countBuckets } from '../../../workers/count-buckets.ts';
import { noon, unique } from './rows.ts';
import { addedDays, countAll, naiveDays, newScan, shown } from './scans.ts';

/** A store whose calls wait for some turns of the event loop before, and cut off what they belong to at some of them. */
function troubled(scans: ScanStore, turns: () => number, cut: () => boolean): ScanStore {
  return new Proxy(scans, {
    get(store, name: keyof ScanStore) {
      return async (...parameters: unknown[]) => {
        for (let left = turns(); left > 0; left--) await turn();
        if (cut()) throw new Error('cut');
        return (store[name] as (...given: unknown[]) => unknown)(...parameters);
      };
    },
  });
}

const scan = fc.record({
  code: fc.nat({ max: 1 }),
  slot: fc.constantFrom(0, 1, 2, 5, 95, 96, 97),
  visitor: fc.nat({ max: 2 }),
  source: fc.constantFrom('qr' as const, 'link' as const, null),
  bot: fc.boolean(),
});
const segments = fc.array(fc.array(scan, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 });
const action = fc.oneof(fc.record({ record: fc.nat({ max: 5 }) }), fc.record({ count: fc.nat({ max: 2 }) }));
const history = fc.record({
  segments,
  /** One group after the other; the actions of a group go on at once. A segment may come again. */
  groups: fc.array(fc.array(action, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
  noise: fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 20 }),
});

class History {
  readonly tenantId = unique('t');
  readonly codeIds = [unique('cod'), unique('cod')];
  readonly #databases: Database[];
  readonly rows: ScanRow[][];
  readonly #noise: number[];
  #taken = 0;

  constructor(
    databases: Database[],
    drawn: typeof segments extends fc.Arbitrary<infer Drawn> ? Drawn : never,
    noise: number[],
  ) {
    this.#databases = databases;
    this.#noise = noise;
    this.rows = drawn.map((segment) =>
      segment.map(({ code, slot, visitor, source, bot }, index) => {
        const at = dayOf(noon) + slot * bucketMs + index;
        const codeId = this.codeIds[code] as string;
        /* As minted: another name on another day, and for another code. */
        const name = `v${visitor}-${dayOf(at)}-${codeId}`;
        return newScan({ tenantId: this.tenantId, codeId, at, visitor: name, source, bot });
      }),
    );
  }

  readonly #next = (): number => this.#noise[this.#taken++ % this.#noise.length] as number;
  readonly #cut = (): boolean => this.#next() === 6 && this.#next() > 3;

  async record(number: number): Promise<void> {
    const segment = this.rows[number % this.rows.length] as ScanRow[];
    const { scans } = this.#databases[number % this.#databases.length] as Database;
    for (let left = this.#next(); left > 0; left--) await turn();
    await scans.record(`seg-${this.tenantId}-${number % this.rows.length}`, segment, noon);
  }

  /** Counts what is marked, as a roll-up does, perhaps cut off in the middle. */
  async count(number: number): Promise<void> {
    const { scans, codes } = this.#databases[number % this.#databases.length] as Database;
    const store = troubled(scans, this.#next, this.#cut);
    try {
      for (let round = 0; round < 3; round++) {
        const range = { from: 0, to: noon + 2 * dayMs };
        const marks = await store.marksBetween({ tenantId: this.tenantId, codeId: null }, range);
        await countBuckets({ scans: store, codes }, marks);
      }
    } catch (error) {
      if ((error as Error).message !== 'cut') throw error;
    }
  }

  async compare(): Promise<void> {
    const database = this.#databases[0] as Database;
    await countAll(database, this.tenantId);
    const naive = this.codeIds.map((codeId) => naiveDays(this.rows.flat().filter((row) => row.codeId === codeId)));
    for (const day of [dayOf(noon), dayOf(noon) + dayMs]) {
      for (const [index, codeId] of this.codeIds.entries()) {
        const stored = await database.scans.findDay({ tenantId: this.tenantId, codeId }, day);
        expect(shown(stored?.rollUps)).toEqual(shown(naive[index]?.get(day)));
      }
      const ofTenant = await database.scans.findDay({ tenantId: this.tenantId, codeId: null }, day);
      const added = addedDays(naive.flatMap((days) => days.get(day) ?? []));
      expect(shown(ofTenant?.rollUps)).toEqual(shown(added));
    }
  }
}

/** However recording and counting fall into each other, in the end everything is counted. */
export function scansModelContract(connections: () => Database[]): void {
  describe('recording and counting at once, on several connections, cut and repeated', () => {
    it('ends with what the ledger holds', async () => {
      const property = fc.asyncProperty(history, async ({ segments: drawn, groups, noise }) => {
        const run = new History(connections(), drawn, noise);
        /* What came before is not recorded again: that would mark its buckets, and hide what was not marked when it should. */
        const recorded = new Set(groups.flat().map((next) => ('record' in next ? next.record % drawn.length : null)));
        const last = [...drawn.keys()].filter((record) => !recorded.has(record)).map((record) => ({ record }));
        for (const group of [...groups, last])
          await Promise.all(group.map((next) => ('record' in next ? run.record(next.record) : run.count(next.count))));
        await run.compare();
      });
      await fc.assert(property, { numRuns: 80 });
    });
  });
}
