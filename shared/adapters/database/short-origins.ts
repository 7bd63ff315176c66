import type { Database } from './database.ts';

const prefix = 'short_origin ';

/** Notes the origin of today's short URLs; answers every one that codes were ever made with: each code keeps its own. */
export async function knownShortOrigins(
  database: Pick<Database, 'claimSetting' | 'listSettings'>,
  shortUrl: string,
): Promise<string[]> {
  await database.claimSetting(`${prefix}${shortUrl}`, new Date().toISOString());
  return (await database.listSettings(prefix)).map(({ name }) => name.slice(prefix.length));
}
