import { dayMs, everyPage, type PurgeStep } from './purge-deps.ts';

const pageSize = 1000;

/** Removes records of changes and days of use that are older than they are to be kept. */
export const purgeRecords: PurgeStep = async (deps, hasTime) => {
  const { database, now, auditKeepDays, usageKeepDays, onPurged } = deps;
  const { audit, usage } = database;
  const since = (days: number): number => now() - days * dayMs;
  const purgeAudit = async (limit: number): Promise<number> => {
    const count = await audit.purge(since(auditKeepDays), limit);
    if (count > 0) onPurged('records of changes', count);
    return count;
  };
  const purgeUsage = async (limit: number): Promise<number> => {
    const count = await usage.purge(new Date(since(usageKeepDays)).toISOString().slice(0, 10), limit);
    if (count > 0) onPurged('days of use', count);
    return count;
  };
  if (auditKeepDays > 0 && !(await everyPage(pageSize, hasTime, purgeAudit))) return false;
  return usageKeepDays === 0 || everyPage(pageSize, hasTime, purgeUsage);
};
