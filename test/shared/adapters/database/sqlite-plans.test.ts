import { join } from 'node:path';
import Libsql from 'libsql';
import { describe, expect, it } from 'vitest';
import { connectDatabase } from '../../../../shared/adapters/database/connect-database.ts';
import { keyStatements, tenantStatements } from '../../../../shared/adapters/database/sqlite/access-statements.ts';
import {
  batchChunkStatements,
  batchRowStatements,
  batchStatements,
  batchTaskStatements,
} from '../../../../shared/adapters/database/sqlite/batch-statements.ts';
import { auditStatements, usageStatements } from '../../../../shared/adapters/database/sqlite/record-stores.ts';
import {
  codeDayStatements,
  ledgerStatements,
  markStatements,
  scanStatements,
  segmentStatements,
  spanStatements,
  tenantDayStatements,
} from '../../../../shared/adapters/database/sqlite/scan-statements.ts';
import {
  idempotencyStatements,
  logoStatements,
  renderStatements,
  type Statement,
  settingStatements,
} from '../../../../shared/adapters/database/sqlite/statements.ts';
import {
  callbackSecretStatements,
  deliveryStatements,
  listDeliveries,
  renderOutboxStatements,
  scanNoticeStatements,
  webhookStatements,
} from '../../../../shared/adapters/database/sqlite/webhook-statements.ts';
import { silent } from '../../../suites/database.ts';
import { temporaryFolder } from '../../../support/servers.ts';

const deliveryLists = Object.fromEntries(
  (['webhook', 'callbacks'] as const).flatMap((owner) =>
    (['newest-first', 'oldest-first'] as const).flatMap((order) =>
      ([null, 'failed'] as const).flatMap((status) =>
        [null, 'rnd_a'].map((resourceId) => [
          [owner, order, status, resourceId].join(' '),
          listDeliveries(owner, { order, status, resourceId, limit: 1, after: null }),
        ]),
      ),
    ),
  ),
);

/* Keys that a statement is given as JSON, and constants in it, are all wanted; of many rows it may answer each value once. */
const isAboutGivenValues =
  /^(LIST SUBQUERY|SCAN json_each |CO-ROUTINE part|SCAN (part|6 CONSTANT ROWS)|CORRELATED SCALAR SUBQUERY|USE TEMP B-TREE FOR DISTINCT)/;

const groups: Record<string, Record<string, Statement>> = {
  renders: renderStatements,
  logos: logoStatements,
  keys: keyStatements,
  tenants: tenantStatements,
  audit: auditStatements,
  usage: usageStatements,
  idempotency: idempotencyStatements,
  settings: settingStatements,
  batches: batchStatements,
  batchRows: batchRowStatements,
  batchChunks: batchChunkStatements,
  batchTasks: batchTaskStatements,
  webhooks: webhookStatements,
  callbackSecrets: callbackSecretStatements,
  deliveries: deliveryStatements,
  deliveryLists,
  scanNotices: scanNoticeStatements,
  renderOutbox: renderOutboxStatements,
  scans: scanStatements,
  marks: markStatements,
  segments: segmentStatements,
  codeDays: codeDayStatements,
  tenantDays: tenantDayStatements,
  ledger: ledgerStatements,
  spans: spanStatements,
};

async function plans(): Promise<Record<string, string[]>> {
  const dataDir = await temporaryFolder();
  await (await connectDatabase({ mongoUrl: null, dataDir }, silent)).close();
  const file = new Libsql(join(dataDir, 'qrfactory.db'));
  const entries = Object.entries(groups).flatMap(([group, statements]) =>
    Object.entries(statements).map(([name, { sql }]): [string, string[]] => {
      const parameters = new Set(sql.match(/\?\d+/g)).size;
      const steps = file.prepare(`explain query plan ${sql}`).all(Array(parameters).fill(null)) as { detail: string }[];
      return [`${group}.${name}`, steps.map(({ detail }) => detail)];
    }),
  );
  file.close();
  return Object.fromEntries(entries);
}

describe('each statement of the SQLite database', async () => {
  const planOf = await plans();
  const statements = Object.entries(groups).flatMap(([group, named]) =>
    Object.entries(named).map(([name, statement]) => ({ name: `${group}.${name}`, statement })),
  );

  it.each(statements)('$name finds its rows by the index that stands beside it', ({ name, statement }) => {
    const steps = (planOf[name] ?? []).filter((step) => !isAboutGivenValues.test(step));
    const scans = steps.filter((step) => /\bSCAN\b|TEMP B-TREE/.test(step));
    expect(scans).toEqual([]);
    if (/^insert/.test(statement.sql) && statement.index === null) return;
    const used = steps.map((step) => /USING (?:COVERING )?(?:INDEX (\w+)|PRIMARY KEY)/.exec(step));
    const names = used.map((found) => (found === null ? undefined : (found[1] ?? null)));
    expect(names.map((index) => (index?.startsWith('sqlite_autoindex') ? null : index))).toEqual([statement.index]);
  });

  it.each(['scans.visitorBetween', 'marks.markLater'])('%s reads no scan of a visitor at another time', (name) => {
    const range = 'visitor=? AND codeId=? AND bot=? AND source=? AND at>? AND at<?';
    expect((planOf[name] ?? []).join()).toContain(`scans_by_visitor (${range})`);
  });
});
