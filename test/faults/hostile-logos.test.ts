import { readFile } from 'node:fs/promises';
import { crc32, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import { plainPng } from '../support/plain-png.ts';
import { renderOnce } from '../support/service-process.ts';

const bomb = plainPng(30_000, 30_000);
const small = plainPng(200, 200);
const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"/>');

/** A PNG whose colour profile, or text, inflates to 200 MB. */
function withInflatingChunk(type: 'iCCP' | 'zTXt'): Buffer {
  const data = Buffer.concat([
    Buffer.from('profile\0\0', 'latin1'),
    deflateSync(Buffer.alloc(200_000_000), { level: 9 }),
  ]);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  const headEnd = 8 + 25;
  return Buffer.concat([
    small.subarray(0, headEnd),
    frame.subarray(0, 4),
    body,
    frame.subarray(4),
    small.subarray(headEnd),
  ]);
}

/** A PNG that says 200 × 200 px, and whose data are those of 30,000 × 30,000. */
function lying(): Buffer {
  const headEnd = 8 + 25;
  return Buffer.concat([small.subarray(0, headEnd), bomb.subarray(headEnd)]);
}

let deployment: Deployment;
let pids: number[] = [];
beforeAll(async () => {
  deployment = await prepareDeployment({ env: { WORKER_PROCESSES: '1' } });
  const processes = [await deployment.startApi(), await deployment.startWorkers()];
  pids = (await Promise.all(processes.map(async (each) => [each.pid, ...(await each.descendants())]))).flat();
  await renderOnce(deployment.client);
});
afterAll(() => deployment.destroy());

/** The most memory that each process ever had, MB. */
async function peaks(): Promise<number[]> {
  const statuses = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, 'utf8')));
  return statuses.map((status) => Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024));
}

async function upload(bytes: Buffer, type = 'image/png'): Promise<[number, string | undefined]> {
  const { baseUrl, authorization } = deployment.client;
  const headers = { authorization, 'content-type': type, prefer: 'wait=20' };
  const answer = await fetch(`${baseUrl}/v1/logos`, { method: 'POST', headers, body: new Uint8Array(bytes) });
  const { code } = (await answer.json()) as { code?: string };
  return [answer.status, code];
}

describe('logos made to do harm', () => {
  it('are as small as an upload may be', () => {
    expect(bomb.length).toBeLessThan(200_000);
  });

  it('are refused, by their header where it tells, and no process needs memory for them', async () => {
    const before = await peaks();
    const outcomes: Record<string, unknown> = {};
    outcomes.bomb = await upload(bomb);
    outcomes.cut = await upload(bomb.subarray(0, 60_000));
    outcomes.polyglot = await upload(Buffer.concat([small, Buffer.from('PK\x03\x04<script>alert(1)</script>')]));
    outcomes.svg = await upload(svg);
    outcomes.svgAsItself = await upload(svg, 'image/svg+xml');
    outcomes.svgBehindPng = await upload(Buffer.concat([small.subarray(0, 8), svg]));
    expect(outcomes).toEqual({
      bomb: [413, 'logo_too_many_pixels'],
      cut: [422, 'logo_damaged'],
      polyglot: [422, 'logo_trailing_data'],
      svg: [415, 'logo_type'],
      svgAsItself: [415, 'unsupported_media_type'],
      svgBehindPng: [422, 'logo_damaged'],
    });
    const data = `data:image/png;base64,${bomb.toString('base64')}`;
    const inline = await deployment.client.post('/v1/renders', {
      content: { type: 'text', text: 'x' },
      logo: { data },
    });
    expect(inline.status).toBe(413);
    for (const bytes of [lying(), withInflatingChunk('iCCP'), withInflatingChunk('zTXt')]) {
      const [status] = await upload(bytes);
      expect([200, 201, 413, 422]).toContain(status);
    }
    const after = await peaks();
    for (const [index, mb] of after.entries()) expect(mb - (before[index] as number)).toBeLessThan(150);
    expect((await renderOnce(deployment.client)).length).toBeGreaterThan(100);
  });
});
