/** Bounds of what people wait for: 50 ms and 500 ms are what is promised. */
const waits = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30] as const;

/**
 * Everything that processes count. What workers count reaches /metrics of every API process through Redis. No label is called
 * `job` or `instance`: Prometheus puts its own there and renames ours.
 */
export const metrics = {
  qrfactory_http_requests_total: {
    type: 'counter',
    help: 'Requests answered by this API process',
    labels: ['method', 'route', 'status'],
  },
  qrfactory_http_request_duration_seconds: {
    type: 'histogram',
    help: 'Time to the head of the answer, by this API process',
    labels: ['method', 'route'],
    bounds: waits,
  },
  qrfactory_image_reads_total: {
    type: 'counter',
    help: 'Images read by this API process, by the layer that had them: memory, redis, object_store or none',
    labels: ['layer'],
  },
  qrfactory_group_size: {
    type: 'histogram',
    help: 'Items that shared one write: renders and scans by this API process, ends of renders by all workers',
    labels: ['group'],
    bounds: [1, 2, 4, 8, 16, 64, 256],
  },
  qrfactory_jobs_total: {
    type: 'counter',
    help: 'Runs of jobs by all workers, by verdict: done, retry or failed',
    labels: ['name', 'verdict'],
  },
  qrfactory_job_duration_seconds: {
    type: 'histogram',
    help: 'Time of a run of a job, by all workers',
    labels: ['name'],
    bounds: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300],
  },
  qrfactory_webhook_attempts_total: {
    type: 'counter',
    help: 'Attempts to call webhooks by all workers, by what follows: completed, queued (tried again) or failed',
    labels: ['outcome'],
  },
  qrfactory_scans_left_out_total: {
    type: 'counter',
    help: 'Scans that all workers left out of the ledger, by reason: malformed, or late (their day is settled)',
    labels: ['reason'],
  },
  qrfactory_pool_restarts_total: {
    type: 'counter',
    help: 'Processes of the pools that were started again',
    labels: ['kind'],
  },
} as const satisfies Record<string, Metric>;

type Metric = {
  type: 'counter' | 'histogram';
  help: string;
  labels: readonly string[];
  bounds?: readonly number[];
};

export type MetricName = keyof typeof metrics;

/** A value for each label of the metric. */
export type LabelsOf<Name extends MetricName> = Readonly<Record<(typeof metrics)[Name]['labels'][number], string>>;
