/**
 * What operators do from a shell: npm run admin -- COMMAND …; without one it lists them.
 *
 * Reads the same variables as the service and may run beside it. Ends with 0 when all is well, with 1 when something is not, with 2
 * when the configuration or the arguments are wrong.
 */
import { parseConfig } from '../../shared/config.ts';
import { ConfigError } from '../../shared/config-error.ts';
import { AppError } from '../../shared/errors.ts';
import { createLog } from '../../shared/log.ts';
import { ReleaseStack } from '../../shared/release-stack.ts';
import { createAdminContext } from './admin-context.ts';
import { commands } from './commands.ts';

async function run([name = '', ...args]: string[]): Promise<number> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new TypeError(`npm run admin -- COMMAND\n${listed()}`);
  const releases = new ReleaseStack();
  const config = parseConfig(process.env, 'start');
  const log = createLog('admin', 'error');
  try {
    return await command.run(createAdminContext({ config, log, releases, say: console.log, now: Date.now }), args);
  } catch (error) {
    if (error instanceof TypeError && error.message === '')
      throw new TypeError(`usage: npm run admin -- ${name} ${command.usage}`.trimEnd());
    throw error;
  } finally {
    await releases.release();
  }
}

function listed(): string {
  const lines = Object.entries(commands).map(
    ([name, { usage, does }]) => [`${name} ${usage}`.trimEnd(), does] as const,
  );
  const width = Math.max(...lines.map(([call]) => call.length));
  return lines.map(([call, does]) => `  ${call.padEnd(width)}  ${does}`).join('\n');
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const foreseen = error instanceof AppError || error instanceof ConfigError || error instanceof TypeError;
  console.error(foreseen ? error.message : error);
  process.exitCode = error instanceof AppError ? 1 : 2;
}
