import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { type Client, eventually } from '../support/client.ts';
import { segmentsBelow } from '../support/journal-files.ts';
import { type LoadResult, loadWithWrk } from './load.ts';
import { cpuTimes } from './seed/processes.ts';
import { withService } from './service.ts';
import { withRedis } from './with-redis.ts';

const inFlight = 64;
const seconds = 8;
const warmUpSeconds = 4;
const rounds = 5;
const codes = 100;
/** Answers that wrk cut off were scans too: the last count of them may rest and pause for so long. */
const lastCountMs = 45_000;
const target = 'https://example.com/a-page-of-some-length?campaign=autumn';
const bareKoa = fileURLToPath(new URL('./bare-koa-stream.js', import.meta.url));

/**
 * Compares redirects whose scan is synced to disk with bare Koa, one Redis GET and one XADD (not synced): the same client, codes and
 * number in flight, taking turns.
 */
export async function redirect(): Promise<void> {
  await withService({ WORKER_PROCESSES: '1' }, async (service) => {
    const client = await service.client();
    const slugs = await makeCodes(client);
    const { api } = await service.children();
    await withRedis(async (redisUrl) => {
      const redis = new Redis(redisUrl);
      for (const slug of slugs) await redis.set(`code:${slug}`, target);
      redis.disconnect();
      const child = fork(bareKoa, [redisUrl]);
      const [{ port }] = (await once(child, 'message')) as [{ port: number }];
      try {
        const drained = (scans: number) => untilCounted(client, service.dataDir, scans);
        await compare({
          floor: { url: `http://127.0.0.1:${port}`, pid: child.pid as number },
          ours: { url: client.baseUrl, pid: api },
          script: scanEach(slugs),
          drained,
        });
      } finally {
        child.disconnect();
      }
    });
  });
}

async function makeCodes(client: Client): Promise<string[]> {
  const slugs: string[] = [];
  for (let count = 0; count < codes; count++) {
    const answer = await client.post('/v1/codes', { target });
    if (answer.status !== 201) throw new Error(`POST /v1/codes: ${answer.status} ${await answer.text()}`);
    slugs.push(((await answer.json()) as { slug: string }).slug);
  }
  return slugs;
}

/** Lua that scans one code after the other, as the camera of a phone does. */
function scanEach(slugs: string[]): string {
  const paths = slugs.map((slug) => `"/${slug.toUpperCase()}"`).join(',');
  const agent =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1';
  return `
local paths = {${paths}}
local headers = { ["User-Agent"] = "${agent}", ["Accept-Language"] = "de-DE,de;q=0.9", ["Accept"] = "text/html" }
local requests = {}
local count = 0
function request()
  count = count + 1
  local index = count % #paths + 1
  if not requests[index] then requests[index] = wrk.format("GET", paths[index], headers) end
  return requests[index]
end
`;
}

/** Waits until analytics know so many scans: nothing of ours is left to run beside the floor, and the next round starts as the first. */
async function untilCounted(client: Client, dataDir: string, scans: number): Promise<void> {
  const started = performance.now();
  const counted = async (): Promise<boolean> => {
    const answer = await client.get('/v1/analytics');
    return ((await answer.json()) as { scanCount: number }).scanCount >= scans;
  };
  await eventually('the journal is empty', async () => (await segmentsBelow(dataDir)).length === 0, 600_000);
  await eventually('every scan is counted', counted, 600_000);
  console.log(`  every scan is counted after ${((performance.now() - started) / 1000).toFixed(0)} s`);
  await pause(lastCountMs);
}

type Side = { url: string; pid: number };
type Sides = { floor: Side; ours: Side; script: string; drained: (scans: number) => Promise<void> };
/** `cpuMicroseconds`: of the process for one request, which other load on the machine changes little. */
type Measured = LoadResult & { answered: number; cpuMicroseconds: number };

async function compare({ floor, ours, script, drained }: Sides): Promise<void> {
  const load = async ({ url, pid }: Side, time: number): Promise<Measured> => {
    const before = await cpuTimes(pid);
    const result = await loadWithWrk(url, { inFlight, seconds: time, script, expectedStatus: 302 });
    const used = (await cpuTimes(pid)).all - before.all;
    const answered = result.requestsPerSecond * time;
    return { ...result, answered, cpuMicroseconds: (used * 1000) / answered };
  };
  console.log(`${inFlight} in flight, ${codes} codes, ${seconds} s a round`);
  await load(floor, warmUpSeconds);
  let scans = (await load(ours, warmUpSeconds)).answered;
  await drained(scans);
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const theirs = await load(floor, seconds);
    const own = await load(ours, seconds);
    if (own.failures > 0) throw new Error(`${own.failures} requests were not answered with a redirect`);
    const ratio = own.requestsPerSecond / theirs.requestsPerSecond;
    ratios.push(ratio);
    console.log(
      `round ${round}: bare Koa + GET + XADD ${told(theirs)}; redirects with the scan on disk ${told(own)}; ` +
        `ratio ${(ratio * 100).toFixed(0)} %`,
    );
    scans += own.answered;
    await drained(scans);
  }
  const median = ratios.sort((a, b) => a - b)[rounds >> 1] ?? 0;
  console.log(`median ratio ${(median * 100).toFixed(0)} % (aim: ≥ 120 %)`);
}

function told({ requestsPerSecond, latencyMs: { p50, p95, p99 }, cpuMicroseconds }: Measured): string {
  const latencies = `p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms`;
  return `${requestsPerSecond.toFixed(0)}/s (${latencies}, ${cpuMicroseconds.toFixed(1)} µs of CPU each)`;
}
