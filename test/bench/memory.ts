import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { type Client, distinctSpec, inParallel } from '../support/client.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { withService } from './service.ts';

const renders = 20_000;
const perLine = 2000;
const sizesPx = [100, 150, 300, 512, 700, 1000, 1400, 2000];

async function uploadLogo(service: ServiceProcess, client: Client): Promise<string> {
  const picture = sharp({ create: { width: 400, height: 300, channels: 4, background: '#c02020' } });
  const answer = await fetch(`${client.baseUrl}/v1/logos`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await service.apiKey()}`, 'content-type': 'image/png' },
    body: new Uint8Array(await picture.png().toBuffer()),
  });
  return ((await answer.json()) as { id: string }).id;
}

/** Resident memory of a process, MB. */
async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/** Every size, a fifth with a logo, a tenth as SVG. */
function mixedSpec(index: number, logoId: string): Record<string, unknown> {
  return distinctSpec({
    size: sizesPx[index % sizesPx.length],
    ...(index % 5 === 0 && { logo: { id: logoId } }),
    ...(index % 10 === 7 && { format: 'svg' }),
  });
}

/** Prints the memory of API and worker over 20,000 renders of mixed sizes, logos among them. */
export async function memory(): Promise<void> {
  await withService({ WORKER_PROCESSES: '1' }, async (service) => {
    const client = await service.client();
    const logoId = await uploadLogo(service, client);
    const { api, all } = await service.children();
    const commands = await Promise.all(all.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8')));
    const worker = all[commands.findIndex((command) => /child\/main\.js\0pool/.test(command))] ?? 0;
    for (let done = 0; done < renders; done += perLine) {
      const indices = Array.from({ length: perLine }, (_, index) => done + index);
      await inParallel(indices, 32, async (index) => {
        const answer = await client.post('/v1/renders', mixedSpec(index, logoId), { prefer: 'wait=20' });
        if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
        await answer.arrayBuffer();
      });
      console.log(
        `${done + perLine} renders: worker ${await residentMb(worker)} MB, API ${await residentMb(api)} MB resident`,
      );
    }
  });
}
