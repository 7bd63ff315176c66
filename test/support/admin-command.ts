import { startOurProcess } from './our-process.ts';

/** Runs `npm run admin -- …` on a data folder; answers its exit code and what it wrote. */
export async function admin(dataDir: string, ...args: string[]): Promise<{ code: number | null; text: string }> {
  const command = startOurProcess('workers/admin/main.js', { DATA_DIR: dataDir }, args);
  const { code } = await command.ended;
  return { code, text: command.lines.join('\n') };
}
