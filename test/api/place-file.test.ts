import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openPlaceFile, type PlaceFile } from '../../api/place-file.ts';
import { temporaryFolder } from '../support/servers.ts';

const map = (entries: [string, Buffer][]): Buffer =>
  Buffer.concat([Buffer.of(0xe0 | entries.length), ...entries.flatMap(([key, value]) => [text(key), value])]);
const text = (value: string): Buffer => Buffer.concat([Buffer.of(0x40 | value.length), Buffer.from(value)]);
const integer = (value: number): Buffer => Buffer.of(0xc1, value);

const nodes: Record<number, (left: number, right: number) => number[]> = {
  24: (left, right) => [0, 0, left, 0, 0, right],
  28: (left, right) => [0, 0, left, 0, 0, 0, right],
  32: (left, right) => [0, 0, 0, left, 0, 0, 0, right],
};

/** A file of one node: addresses that begin with 0 are in DE, the others nowhere. */
function smallFile(recordSize: number, ipVersion: number, nodeCount = 1): Buffer {
  const node = nodes[recordSize] as (typeof nodes)[number];
  return Buffer.concat([
    Buffer.from(node(1 + 16, 1)),
    Buffer.alloc(16),
    map([['country_code', text('DE')]]),
    Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'),
    map([
      ['node_count', integer(nodeCount)],
      ['record_size', integer(recordSize)],
      ['ip_version', integer(ipVersion)],
    ]),
  ]);
}

async function opened(bytes: Buffer): Promise<PlaceFile> {
  const path = join(await temporaryFolder(), 'places.mmdb');
  await writeFile(path, bytes);
  return openPlaceFile(path);
}

it.each([24, 28, 32])('finds addresses in a tree of records of %i bits', async (recordSize) => {
  const file = await opened(smallFile(recordSize, 4));
  expect(file.find('1.2.3.4')).toEqual({ country_code: 'DE' });
  expect(file.find('200.2.3.4')).toBeNull();
  await file.close();
});

it('finds nothing for IPv6 addresses in a file of IPv4 ones, and both kinds in one of both', async () => {
  const v4 = await opened(smallFile(24, 4));
  expect(v4.find('1::')).toBeNull();
  await v4.close();
  const both = await opened(smallFile(24, 6));
  expect(both.find('1::')).toEqual({ country_code: 'DE' });
  expect(both.find('f000::')).toBeNull();
  expect(both.find('200.2.3.4')).toEqual({ country_code: 'DE' });
  await both.close();
});

it('refuses a file that is too short for its tree', async () => {
  await expect(opened(smallFile(24, 4, 200))).rejects.toThrow('too short');
});
