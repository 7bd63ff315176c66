import { describe, expect, it } from 'vitest';
import { Tally } from '../../shared/tally.ts';

const route = { method: 'GET', route: '/v1/qr' };

describe('a tally', () => {
  it('gives the same series for the same labels, and counts in place', () => {
    const tally = new Tally();
    tally.counter('qrfactory_jobs_total', { name: 'sweep', verdict: 'done' }).add();
    tally.counter('qrfactory_jobs_total', { name: 'sweep', verdict: 'done' }).add(2);
    tally.counter('qrfactory_jobs_total', { name: 'sweep', verdict: 'retry' });
    expect([...tally.series()]).toEqual([
      ['qrfactory_jobs_total{name="sweep",verdict="done"}', 3],
      ['qrfactory_jobs_total{name="sweep",verdict="retry"}', 0],
    ]);
  });

  it('counts a value in every bucket that it is not above, as Prometheus has it', () => {
    const tally = new Tally();
    const times = tally.histogram('qrfactory_http_request_duration_seconds', route);
    for (const seconds of [0.05, 0.051, 0.5, 31]) times.observe(seconds);
    const series = new Map(tally.series());
    const bucket = (le: string) =>
      series.get(`qrfactory_http_request_duration_seconds_bucket{method="GET",route="/v1/qr",le="${le}"}`);
    expect([bucket('0.025'), bucket('0.05'), bucket('0.1'), bucket('0.5'), bucket('30'), bucket('+Inf')]).toEqual([
      0, 1, 2, 3, 3, 4,
    ]);
    expect(series.get('qrfactory_http_request_duration_seconds_count{method="GET",route="/v1/qr"}')).toBe(4);
    expect(series.get('qrfactory_http_request_duration_seconds_sum{method="GET",route="/v1/qr"}')).toBeCloseTo(31.601);
  });

  it('lets no label break its line', () => {
    const tally = new Tally();
    tally.counter('qrfactory_image_reads_total', { layer: 'a"b\\c\nd' }).add();
    expect([...tally.series()]).toEqual([['qrfactory_image_reads_total{layer="a_b_c_d"}', 1]]);
  });
});
