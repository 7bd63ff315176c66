import { type LabelsOf, type MetricName, metrics } from './contract/metrics.ts';

type Labels = Readonly<Record<string, string>>;

/** One number that only grows. */
export class Counter {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }
}

/** How often values fell below each bound; observing allocates nothing. */
export class Histogram {
  readonly bounds: readonly number[];
  /** How many fell between the bound before and this one; the last is for those above all bounds. */
  readonly buckets: Float64Array;
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.buckets = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let index = 0;
    while (index < this.bounds.length && value > (this.bounds[index] as number)) index++;
    this.buckets[index] = (this.buckets[index] as number) + 1;
    this.sum += value;
    this.count++;
  }
}

type Kept<Kind> = { name: MetricName; labels: Labels; kept: Kind };

/**
 * What one process counts. A series is asked for once and kept by whoever counts in it: counting itself looks nothing up.
 */
export class Tally {
  readonly #counters = new Map<string, Kept<Counter>>();
  readonly #histograms = new Map<string, Kept<Histogram>>();

  /** The counter of these labels: the same one each time. */
  counter<Name extends MetricName>(name: Name, labels: LabelsOf<Name>): Counter {
    return kept(this.#counters, name, labels, () => new Counter());
  }

  /** The histogram of these labels, with the bounds of its metric. */
  histogram<Name extends MetricName>(name: Name, labels: LabelsOf<Name>): Histogram {
    return kept(this.#histograms, name, labels, () => {
      const metric = metrics[name as MetricName];
      return new Histogram('bounds' in metric ? metric.bounds : []);
    });
  }

  /** Every number as a line of the text format names it, `name{label="value"}`, and its value since the process began. */
  *series(): Generator<[series: string, value: number]> {
    for (const { name, labels, kept } of this.#counters.values()) yield [seriesName(name, labels), kept.value];
    for (const { name, labels, kept } of this.#histograms.values()) {
      let below = 0;
      for (const [index, bound] of [...kept.bounds, '+Inf'].entries()) {
        below += kept.buckets[index] as number;
        yield [seriesName(`${name}_bucket`, { ...labels, le: String(bound) }), below];
      }
      yield [seriesName(`${name}_sum`, labels), kept.sum];
      yield [seriesName(`${name}_count`, labels), kept.count];
    }
  }
}

function kept<Kind>(all: Map<string, Kept<Kind>>, name: MetricName, labels: Labels, make: () => Kind): Kind {
  const series = seriesName(name, labels);
  const found = all.get(series);
  if (found !== undefined) return found.kept;
  const made = { name, labels, kept: make() };
  all.set(series, made);
  return made.kept;
}

function seriesName(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value.replace(/[\\"\n]/g, '_')}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}
