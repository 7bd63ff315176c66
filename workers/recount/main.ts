/**
 * Compares what is counted with the ledger and mends what differs: npm run recount -- [code id or slug]
 *
 * Reads the same variables as the service, of which it needs those of the database only; may run beside it. Ends with 0 when nothing differed or all
 * of it is mended, with 1 when not, with 2 when the configuration or the arguments are wrong.
 */
import { parseArgs } from 'node:util';
import { connectExistingDatabase } from '../../shared/adapters/database/connect-database.ts';
import { parseConfig } from '../../shared/config.ts';
import { ConfigError } from '../../shared/config-error.ts';
import { AppError } from '../../shared/errors.ts';
import { createLog } from '../../shared/log.ts';
import { recount } from '../recount.ts';

async function run(): Promise<number> {
  const { positionals } = parseArgs({ allowPositionals: true });
  if (positionals.length > 1) throw new TypeError('usage: npm run recount -- [code id or slug]');
  const { database: place } = parseConfig(process.env, 'start');
  const database = await connectExistingDatabase(place, createLog('recount', 'warn'));
  try {
    const told = await recount({ database, say: console.log, now: Date.now }, positionals[0] ?? null);
    const settled =
      told.settledBefore === 0 ? '' : `; days before ${new Date(told.settledBefore).toISOString()} are settled`;
    console.log(
      `${told.codes} codes, ${told.codeDays} days of codes with ${told.scans} scans, ${told.tenantDays} days of tenants: ` +
        `${told.wrong} wrong, ${told.left} not mended${settled}`,
    );
    return told.left === 0 ? 0 : 1;
  } finally {
    await database.close();
  }
}

try {
  process.exitCode = await run();
} catch (error) {
  const foreseen = error instanceof AppError || error instanceof ConfigError || error instanceof TypeError;
  console.error(foreseen ? error.message : error);
  process.exitCode = error instanceof AppError ? 1 : 2;
}
