import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export type LoadResult = {
  requestsPerSecond: number;
  /** Answers with another status than expected, broken connections, time-outs. */
  failures: number;
  latencyMs: { p50: number; p95: number; p99: number };
};

const report = `
local unexpected = 0
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init(args) unexpected = 0 end
function response(status, headers, body)
  if status ~= EXPECTED then unexpected = unexpected + 1 end
end
function done(summary, latency, requests)
  local failures = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, thread in ipairs(threads) do failures = failures + thread:get('unexpected') end
  io.write(string.format('RESULT {"requests":%d,"durationUs":%d,"failures":%d,"p50":%d,"p95":%d,"p99":%d}\\n',
    summary.requests, summary.duration, failures,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
`;

/**
 * Loads `url` from `wrk`, one thread, `inFlight` connections kept busy for `seconds`.
 *
 * @param script Lua for wrk's `request`; absent: GET of `url`
 * @param expectedStatus default 200
 * @throws Error when wrk is not installed (Debian: `apt-get install wrk`)
 */
export async function loadWithWrk(
  url: string,
  {
    inFlight,
    seconds,
    script = '',
    expectedStatus = 200,
  }: { inFlight: number; seconds: number; script?: string; expectedStatus?: number },
): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const file = join(folder, 'load.lua');
    const told = report.replaceAll('local unexpected', 'unexpected').replace('EXPECTED', String(expectedStatus));
    await writeFile(file, `${script}\n${told}`);
    const { stdout } = await promisify(execFile)('wrk', [
      '--threads=1',
      `--connections=${inFlight}`,
      `--duration=${seconds}s`,
      '--timeout=20s',
      '--latency',
      `--script=${file}`,
      url,
    ]).catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'ENOENT' ? new Error('wrk is not installed: apt-get install wrk', { cause }) : cause;
    });
    const line = stdout.split('\n').find((text) => text.startsWith('RESULT '));
    if (line === undefined) throw new Error(`wrk printed no result:\n${stdout}`);
    const result = JSON.parse(line.slice('RESULT '.length)) as Record<string, number>;
    const ms = (microseconds: number | undefined) => Math.round((microseconds ?? 0) / 10) / 100;
    return {
      requestsPerSecond: (result.requests ?? 0) / ((result.durationUs ?? 1) / 1e6),
      failures: result.failures ?? 0,
      latencyMs: { p50: ms(result.p50), p95: ms(result.p95), p99: ms(result.p99) },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Lua that posts a render of another URL each time, `size` px, waiting for its end. */
export function postDistinctRenders(apiKey: string, size: number): string {
  const run = randomBytes(6).toString('hex');
  return `
local count = 0
local headers = { ["Authorization"] = "Bearer ${apiKey}", ["Content-Type"] = "application/json", ["Prefer"] = "wait=10" }
function request()
  count = count + 1
  return wrk.format("POST", "/v1/renders", headers,
    '{"content":{"type":"url","url":"https://example.com/${run}/' .. count .. '"},"size":${size}}')
end
`;
}
