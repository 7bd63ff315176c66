import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Misread, tryRandomSpecs } from '../support/random-specs.ts';

function byReader(misreads: Misread[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reader } of misreads) counts[reader] = (counts[reader] ?? 0) + 1;
  return counts;
}

/**
 * Draws random specs and has both readers read them. `--count` (10000), `--seed` (random; printed, to repeat a run).
 *
 * @throws Error when one was drawn that a reader did not read to exactly `encodedText`
 */
export async function randomSpecs(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { count: { type: 'string' }, seed: { type: 'string' } } });
  const count = Number(values.count ?? 10_000);
  const seed = Number(values.seed ?? randomInt(2 ** 31));
  console.log(`${count} random specs, seed ${seed}`);
  const started = performance.now();
  const { misreads, knownMisreads, ...counts } = await tryRandomSpecs(count, seed);
  console.log({
    ...counts,
    misreads: misreads.length,
    knownMisreads: byReader(knownMisreads),
    seconds: Math.round((performance.now() - started) / 1000),
  });
  for (const { reader, plan, logoKind, read } of misreads) {
    const { content, ...spec } = plan.spec;
    const { segments, ...symbol } = plan.symbol;
    const found = read === null ? 'nothing' : JSON.stringify(read.slice(0, 60));
    console.log(reader, 'read', found, JSON.stringify({ ...spec, ...symbol, type: content.type, logoKind }));
  }
  if (misreads.length > 0) throw new Error(`${misreads.length} images were not read to what they encode`);
}
