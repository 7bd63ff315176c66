/**
 * Proves any deployment from outside: npm run smoke -- URL [--key KEY]   (or the key in SMOKE_API_KEY)
 *
 * Prints one line a check and ends with 1 when one failed, with 2 when the arguments are wrong. What it made it deletes; its dynamic code, whose slug is never given
 * again, stays archived. Its reader is a development dependency: it runs from a checkout, against a deployment anywhere.
 */
import { parseArgs } from 'node:util';
import { apiChecks } from './api-checks.ts';
import { codeChecks } from './code-checks.ts';
import { type Check, Deployment } from './deployment.ts';
import { expectSame, prepareReader } from './expectations.ts';
import { imageChecks } from './image-checks.ts';

const usage = 'usage: npm run smoke -- http://localhost:3000 --key qrf_…   (or SMOKE_API_KEY=qrf_…)';

function given(): { base: string; key: string } {
  try {
    const { values, positionals } = parseArgs({ options: { key: { type: 'string' } }, allowPositionals: true });
    const key = values.key ?? process.env.SMOKE_API_KEY;
    const [base = '', ...more] = positionals;
    if (key && more.length === 0 && /^https?:\/\//i.test(base) && URL.canParse(base)) return { base, key };
    console.error(usage);
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
  }
  return process.exit(2);
}

/** Answers why no check can pass, null when they are worth a try. */
async function obstacle(deployment: Deployment, base: string): Promise<string | null> {
  try {
    const { status, bytes } = await deployment.send('GET', '/v1/me');
    if (status === 200) return null;
    const why = status === 401 ? ': it does not know this key' : ` instead of 200: ${bytes.toString().slice(0, 200)}`;
    return `${base}/v1/me answered ${status}${why}`;
  } catch (error) {
    const { message, cause } = error as Error;
    return `${base} does not answer: ${cause instanceof Error && cause.message !== '' ? cause.message : message}`;
  }
}

const { base, key } = given();
const deployment = new Deployment(base, key);
const stopped = await obstacle(deployment, base);
if (stopped !== null) {
  console.error(stopped);
  process.exit(1);
}

const deletion: Check = [
  'what it made can be deleted',
  async () => {
    const { made } = deployment;
    for (const path of made) expectSame(`DELETE ${path}`, (await deployment.send('DELETE', path)).status, 204);
    const [first] = made;
    expectSame('then', (await deployment.send('GET', first ?? '/v1/renders/rnd_nowhere')).status, 404);
  },
];

await prepareReader();
const checks = [...apiChecks(deployment), ...imageChecks(deployment), ...codeChecks(deployment), deletion];
let failures = 0;
for (const [name, run] of checks) {
  const failure = await run().then(
    () => null,
    (error: Error) => error.message,
  );
  if (failure !== null) failures++;
  console.log(failure === null ? `ok    ${name}` : `FAIL  ${name}: ${failure}`);
}
console.log(`${checks.length - failures} passed, ${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
