import { BreakdownSum, latest, mergeCounts } from '../../../shared/domain/scans/merge-roll-ups.ts';
import { type CountPart, dayOf, type RollUp } from '../../../shared/domain/scans/roll-up.ts';
import type { ScanDay } from '../../../shared/domain/scans/scan-day.ts';

type Sum = { counts: CountPart[]; breakdowns: BreakdownSum; lastAt: number | null };

/** Adds the days of a tenant's codes up bucket by bucket while they are made: reading millions of them back would take longer. */
export class TenantDays {
  readonly #buckets = new Map<number, Sum>();

  add(day: ScanDay): void {
    for (const [start, { counts, breakdowns, lastAt }] of day) {
      const sum = this.#buckets.get(start) ?? { counts: [], breakdowns: new BreakdownSum(), lastAt: null };
      sum.counts = mergeCounts([sum.counts, counts]);
      sum.breakdowns.add(breakdowns);
      sum.lastAt = latest(sum.lastAt, lastAt);
      this.#buckets.set(start, sum);
    }
  }

  /** Every day that has scans. */
  days(): Map<number, ScanDay> {
    const days = new Map<number, Map<number, RollUp>>();
    for (const [start, { counts, breakdowns, lastAt }] of this.#buckets) {
      const day = days.get(dayOf(start)) ?? new Map<number, RollUp>();
      day.set(start, { counts, breakdowns: breakdowns.result(), lastAt });
      days.set(dayOf(start), day);
    }
    return days;
  }
}
