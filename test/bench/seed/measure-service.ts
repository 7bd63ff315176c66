import { dayMs } from '../../../shared/domain/scans/roll-up.ts';
import type { Client } from '../../support/client.ts';
import type { ServiceProcess } from '../../support/service-process.ts';
import { loadWithWrk } from '../load.ts';
import type { Planted } from './plant.ts';
import { cpuTimes, residentMb } from './processes.ts';
import { summary, type Timed, tellMany, timeGet, told } from './requests.ts';
import { batchOf, tags } from './synthetic-codes.ts';

type Asked = { client: Client; apiPid: number; planted: Planted };

const analyticsAimMs = 200;
const listAimMs = 50;
const redirectSeconds = 6;
const inFlight = 64;
const hotCodes = 100;

/** Prints what the service takes for everything that may depend on how much there is. */
export async function measureService(service: ServiceProcess, planted: Planted): Promise<void> {
  const client = await service.client();
  const { api, all } = await service.children();
  const asked = { client, apiPid: api, planted };
  await checkCounts(asked);
  console.log(told(await timeCreate(asked)));
  await timeLists(asked);
  await timeAnalytics(asked);
  await timeRedirects(asked);
  console.log(`  API ${await residentMb(api)} MB, all ${all.length} processes ${await sumMb(all)} MB resident`);
}

async function sumMb(pids: number[]): Promise<number> {
  const sizes = await Promise.all(pids.map((pid) => residentMb(pid).catch(() => 0)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The whole range, which the scans of the bench itself come after. */
const wholeRange = ({ from, to }: Planted): string =>
  `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;

async function checkCounts({ client, planted }: Asked): Promise<void> {
  const counted = async (path: string): Promise<number> => {
    const answer = await client.get(`${path}?${wholeRange(planted)}`);
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { scanCount: number }).scanCount;
  };
  const [most, average] = subjects(planted);
  for (const { id, scanCount } of [most, average]) {
    const found = await counted(`/v1/codes/${id}/analytics`);
    if (found !== scanCount) throw new Error(`${id} has ${scanCount} scans, analytics tell ${found}`);
  }
  const found = await counted('/v1/analytics');
  if (found !== planted.scanCount) throw new Error(`There are ${planted.scanCount} scans, analytics tell ${found}`);
}

/** The code with most scans, and one with the average of the others. */
function subjects({ codes }: Planted): [Planted['codes'][0], Planted['codes'][0]] {
  const [most, ...others] = codes.toSorted((a, b) => b.scanCount - a.scanCount);
  const average = others.reduce((sum, { scanCount }) => sum + scanCount, 0) / others.length;
  const nearest = others.find(({ scanCount }) => scanCount <= average) ?? others[0];
  return [most, nearest] as [Planted['codes'][0], Planted['codes'][0]];
}

async function timeCreate({ client, apiPid }: Asked): Promise<Timed> {
  const took: number[] = [];
  const before = await cpuTimes(apiPid);
  for (let count = 0; count < 200; count++) {
    const start = performance.now();
    const answer = await client.post('/v1/codes', {
      target: `https://example.com/new/${count}`,
      title: 'Made by the bench',
    });
    const text = await answer.text();
    if (answer.status !== 201) throw new Error(`POST /v1/codes: ${answer.status} ${text}`);
    took.push(performance.now() - start);
  }
  return { name: 'create', ...summary(took, before, await cpuTimes(apiPid)) };
}

async function timeLists(asked: Asked): Promise<void> {
  const filters = ['', 'status=active', 'status=paused', 'status=archived', 'status=expired', `tag=${tags[3]}`]
    .concat([`batchId=${batchOf(3000)}`, 'q=berlin', 'q=berlin%20menu', 'q=b', 'q=nowhere', 'externalId=SKU-100'])
    .concat([`q=paris&tag=${tags[4]}&status=active`]);
  const timed: Timed[] = [];
  for (const sort of ['createdAt', 'updatedAt', 'scanCount', 'lastScannedAt', 'title']) {
    for (const order of [sort, `-${sort}`]) {
      for (const filter of filters)
        timed.push(await timeGet(asked, `${order} ${filter}`, [`/v1/codes?sort=${order}&${filter}`]));
      timed.push(await timeGet(asked, `${order}, page 40`, [await farPage(asked, order)], 3));
    }
  }
  tellMany('list pages', timed, listAimMs);
}

/** The path of a page far behind the first. */
async function farPage({ client }: Asked, order: string): Promise<string> {
  let path = `/v1/codes?sort=${order}&limit=200`;
  for (let page = 1; page < 40; page++) {
    const { nextCursor } = (await (await client.get(path)).json()) as { nextCursor: string | null };
    if (nextCursor === null) break;
    path = `/v1/codes?sort=${order}&limit=200&cursor=${nextCursor}`;
  }
  return path;
}

async function timeAnalytics(asked: Asked): Promise<void> {
  const { planted } = asked;
  const [most, average] = subjects(planted);
  const year = `from=${new Date(planted.to - 365 * dayMs).toISOString()}&to=${new Date(planted.to).toISOString()}`;
  const cut = `from=${new Date(planted.from + 10.3 * dayMs + 1).toISOString()}&to=${new Date(planted.to - 3.7 * dayMs - 1).toISOString()}`;
  const zone = 'timeZone=Asia/Kolkata';
  const ranges = [
    '',
    wholeRange(planted),
    year,
    `${wholeRange(planted)}&interval=hour&${zone}`,
    `${year}&interval=month&bots=include`,
    cut,
  ];
  const kinds: [string, string][] = [
    [`the code with ${most.scanCount} scans`, `/v1/codes/${most.id}/analytics?`],
    [`a code with ${average.scanCount} scans`, `/v1/codes/${average.id}/analytics?`],
    ['all codes', '/v1/analytics?'],
    ['a batch', `/v1/analytics?batchId=${batchOf(3000)}&`],
    ['a tag', `/v1/analytics?tag=${tags[3]}&`],
  ];
  for (const [name, path] of kinds) {
    const timed: Timed[] = [];
    for (const range of ranges) timed.push(await timeGet(asked, range || 'last 30 days', [`${path}${range}`]));
    tellMany(`analytics of ${name}`, timed, analyticsAimMs);
  }
  const pages = ['', 'bots=only', 'bots=only&source=link', 'source=qr&bots=exclude'];
  const timed: Timed[] = [];
  for (const page of pages) timed.push(await timeGet(asked, `scans ${page}`, [`/v1/codes/${most.id}/scans?${page}`]));
  tellMany('pages of the ledger', timed, listAimMs);
}

/** Redirects of a few codes, which are in memory, and of ever others, which are looked up. */
async function timeRedirects({ client, apiPid, planted }: Asked): Promise<void> {
  const live = planted.codes.filter((_, index) => index % 20 !== 3 && index % 20 !== 7 && index % 20 !== 11);
  for (const [name, codes] of [
    [`${hotCodes} codes`, live.slice(0, hotCodes)],
    [`${Math.min(live.length, 60_000)} codes in turn`, live.slice(-60_000)],
  ] as const) {
    const paths = codes.map(({ slug }) => `"/${slug.toUpperCase()}"`).join(',');
    const script = `local paths = {${paths}}\nlocal count = 0\nfunction request()\n  count = count + 1\n  return wrk.format("GET", paths[count % #paths + 1])\nend`;
    await loadWithWrk(client.baseUrl, { inFlight, seconds: 1, script, expectedStatus: 302 });
    const before = await cpuTimes(apiPid);
    const { requestsPerSecond, failures, latencyMs } = await loadWithWrk(client.baseUrl, {
      inFlight,
      seconds: redirectSeconds,
      script,
      expectedStatus: 302,
    });
    const after = await cpuTimes(apiPid);
    const microseconds = ((after.main - before.main) * 1000) / (requestsPerSecond * redirectSeconds);
    console.log(
      `  redirects of ${name}: ${requestsPerSecond.toFixed(0)}/s, p50 ${latencyMs.p50} ms, p95 ${latencyMs.p95} ms, p99 ${latencyMs.p99} ms ` +
        `(CPU of the API's main thread ${microseconds.toFixed(1)} µs each, ${failures} failures)`,
    );
  }
}
