import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScanScope } from '../../shared/adapters/database/scan-store.ts';
import { bucketOf, dayMs } from '../../shared/domain/scans/roll-up.ts';
import type { BucketRange } from '../../shared/domain/scans/scan-day.ts';
import { spanMs, spanOf } from '../../shared/domain/scans/span.ts';
import { countBuckets } from '../../workers/count-buckets.ts';
import { noon, unique } from '../suites/database/rows.ts';
import { newScan } from '../suites/database/scans.ts';
import { openDeps, type TestDeps } from './support/work-deps.ts';

let deps: TestDeps;
beforeEach(async () => {
  deps = await openDeps();
});
afterEach(() => deps.close());

describe('countBuckets', () => {
  it('has the span before a new day kept, of its code and its tenant, and leaves it alone on a day that is there', async () => {
    const { scans, codes } = deps.database;
    const [tenantId, codeId] = [unique('t'), unique('cod')];
    const read: [ScanScope, BucketRange][] = [];
    const watched = {
      ...scans,
      readBreakdowns: (scope: ScanScope, range: BucketRange) => {
        read.push([scope, range]);
        return scans.readBreakdowns(scope, range);
      },
    };
    const first = spanOf(noon) + 3 * dayMs;
    const count = async (at: number): Promise<void> => {
      const scan = newScan({ tenantId, codeId, at });
      await scans.record(unique('seg'), [scan], at);
      await countBuckets(
        { scans: watched, codes },
        await scans.marksBetween({ tenantId, codeId }, { from: bucketOf(at), to: at + 1 }),
      );
    };
    await count(first);
    const before = { from: spanOf(noon) - spanMs, to: spanOf(noon) };
    expect(read).toEqual([
      [{ tenantId, codeIds: [codeId] }, before],
      [{ tenantId, codeIds: null }, before],
    ]);
    await count(first + 1000);
    expect(read).toHaveLength(2);
    await count(first + spanMs);
    expect(read.slice(2).map(([, range]) => range)).toEqual(Array(2).fill({ from: before.to, to: before.to + spanMs }));
  });
});
