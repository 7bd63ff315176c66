import { hash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type ZipEntry, zipOf } from '../../../workers/batches/zip.ts';

const date = new Date('2026-11-24T01:02:03.456Z');

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* entries(count: number, sizeBytes: number, made: number[] = []): AsyncGenerator<ZipEntry, void> {
  for (let index = 0; index < count; index++) {
    made.push(index);
    yield { name: `${index}.png`, bytes: Buffer.alloc(sizeBytes, index) };
  }
}

describe('a ZIP', () => {
  it('has the same bytes whenever it is made of the same', async () => {
    const first = await collect(zipOf(entries(50, 3000), date));
    await pause(1100);
    const again = await collect(zipOf(entries(50, 3000), date));
    expect(hash('sha256', again, 'hex')).toBe(hash('sha256', first, 'hex'));
  });

  it('takes no entry before the ones before it were read', async () => {
    const made: number[] = [];
    const stream = zipOf(entries(1000, 100_000, made), date);
    await stream.next();
    expect(made.length).toBeLessThan(100);
    await stream.return();
    expect(made.length).toBeLessThan(100);
  });

  it('holds entries that are larger than every buffer on the way', async () => {
    const zip = await collect(zipOf(entries(3, 5_000_000), date));
    expect(zip.length).toBeGreaterThan(15_000_000);
    expect(zip.length).toBeLessThan(15_001_000);
  });

  it('of an empty image and of none', async () => {
    expect((await collect(zipOf(entries(1, 0), date))).length).toBeGreaterThan(22);
    expect(await collect(zipOf(entries(0, 0), date))).toHaveLength(22);
  });

  it('takes no more of an entry in chunks than is read, and has the same bytes however they are cut', async () => {
    const line = 'a line of a manifest\n'.repeat(100);
    let given = 0;
    const chunks = async function* (sizeBytes: number, count: number) {
      const bytes = Buffer.alloc(sizeBytes, line);
      for (given = 0; given < count; given++) yield bytes;
    };
    const zipIn = (sizeBytes: number, count: number) =>
      zipOf(Readable.from([{ name: 'm.csv', chunks: chunks(sizeBytes, count) }]), date);
    const random = async function* () {
      for (given = 0; given < 1000; given++) yield randomBytes(64 * 1024);
    };
    const slow = zipOf(Readable.from([{ name: 'm.csv', chunks: random() }]), date);
    await slow.next();
    expect(given).toBeLessThan(100);
    await slow.return();
    const whole = await collect(zipIn(line.length, 400));
    expect(await collect(zipIn(line.length * 4, 100))).toEqual(whole);
    expect(whole.length).toBeLessThan(100_000);
  });

  it('throws what an entry in chunks throws', async () => {
    const broken = async function* (): AsyncGenerator<Buffer, void> {
      yield Buffer.from('a');
      throw new Error('away');
    };
    await expect(collect(zipOf(Readable.from([{ name: 'm', chunks: broken() }]), date))).rejects.toThrow('away');
  });

  it('throws what its entries throw', async () => {
    const broken = async function* (): AsyncGenerator<ZipEntry, void> {
      yield* entries(2, 10);
      throw new Error('gone');
    };
    await expect(collect(zipOf(broken(), date))).rejects.toThrow('gone');
  });
});
