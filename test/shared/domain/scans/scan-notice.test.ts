import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  mostScansTold,
  type ScanNotice,
  tellingEveryMs,
  withGroup,
  withGroupTold,
  withScans,
} from '../../../../shared/domain/scans/scan-notice.ts';

const now = 1_800_000_000_000;
const scansOf = (count: number, name = 's') => Array.from({ length: count }, (_, index) => ({ id: `${name}${index}` }));
const added = (segmentId: string, count = 1, at = now) => {
  const scans = scansOf(Math.min(count, mostScansTold), segmentId);
  return { codeId: 'cod_1', tenantId: 't', segmentId, scans, count, now: at };
};
const gathered = (...steps: [string, number?][]): ScanNotice =>
  steps.reduce<ScanNotice | null>((notice, [id, count]) => withScans(notice, added(id, count)), null) as ScanNotice;

describe('the notice of a code', () => {
  it('gathers scans, due at once at first', () => {
    expect(gathered(['a', 2], ['b', 1])).toEqual({
      codeId: 'cod_1',
      tenantId: 't',
      count: 3,
      scans: [{ id: 'a0' }, { id: 'a1' }, { id: 'b0' }],
      segments: ['a', 'b'],
      group: null,
      dueAt: now,
      toldAt: null,
      revision: 2,
    });
  });

  it('takes a segment once, also after it was told', () => {
    const told = withGroupTold(withGroup(gathered(['a']), 'g', now), now);
    expect(withScans(told, added('a'))).toBeNull();
  });

  it('counts all and shows the first hundred', () => {
    const { count, scans } = gathered(['a', 90], ['b', 500]);
    expect([count, scans.length, scans.at(-1)]).toEqual([590, mostScansTold, { id: 'b9' }]);
  });

  it('keeps a group until it is told, and what comes meanwhile for the next', () => {
    const grouped = withGroup(gathered(['a', 2]), 'g', now);
    expect(grouped).toMatchObject({ count: 0, scans: [], group: { id: 'g', at: now, count: 2 } });
    expect(withGroup(grouped, 'other', now)).toBe(grouped);
    const more = withScans(grouped, added('b')) as ScanNotice;
    const told = withGroupTold(more, now + 10);
    expect(told).toMatchObject({ group: null, count: 1, toldAt: now + 10, dueAt: now + 10 + tellingEveryMs });
    expect(withGroupTold(grouped, now).dueAt).toBeNull();
  });

  it('is due again no sooner than a few seconds after it was told', () => {
    const told = withGroupTold(withGroup(gathered(['a']), 'g', now), now);
    expect(withScans(told, added('b', 1, now + 1))?.dueAt).toBe(now + tellingEveryMs);
    expect(withScans(told, added('b', 1, now + 60_000))?.dueAt).toBe(now + 60_000);
  });

  it('tells each scan in one group, in whatever order it is cut and repeated', () => {
    const step = fc.oneof(
      fc.record({ segment: fc.nat(8) }),
      fc.constant('group' as const),
      fc.constant('told' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let notice: ScanNotice | null = null;
        const seen = new Set<number>();
        let told = 0;
        for (const next of [...steps, 'group', 'told', 'group', 'told'] as const) {
          if (typeof next === 'object') {
            notice = withScans(notice, added(`s${next.segment}`, 3)) ?? notice;
            seen.add(next.segment);
          } else if (notice !== null && next === 'group' && notice.count > 0) notice = withGroup(notice, 'g', now);
          else if (notice?.group && next === 'told') {
            told += notice.group.count;
            notice = withGroupTold(notice, now);
          }
        }
        expect(told).toBe(seen.size * 3);
      }),
    );
  });
});
