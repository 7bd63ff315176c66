import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Write } from '../../../../shared/adapters/database/sqlite/protocol.ts';
import { SqliteWriter } from '../../../../shared/adapters/database/sqlite/writer.ts';
import { temporaryFolder } from '../../../support/servers.ts';

const claim = (name: string, more: { undurable?: true } = {}): Write => ({
  sql: 'insert into settings (name, value) values (?1, 1)',
  parameters: [[name]],
  ...more,
});

describe('SqliteWriter', () => {
  let writer: SqliteWriter;
  beforeEach(async () => {
    writer = new SqliteWriter(join(await temporaryFolder(), 'a.db'), () => undefined);
  });
  afterEach(() => writer.close());

  /** 2 is full: a commit waits for the disk; 1 is normal: it does not. */
  const synchronous = () => writer.read('pragma synchronous', [])[0]?.[0];

  it('waits for the disk unless no call of the group needs it', () => {
    writer.write([[claim('a')]]);
    expect(synchronous()).toBe(2);
    writer.write([[claim('b', { undurable: true })], [claim('c', { undurable: true })]]);
    expect(synchronous()).toBe(1);
    writer.write([[claim('d', { undurable: true })], [claim('e')]]);
    expect(synchronous()).toBe(2);
    expect(writer.read('select count(*) from settings', [])).toEqual([[5]]);
  });
});
