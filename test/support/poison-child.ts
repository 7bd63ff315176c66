import { writeSync } from 'node:fs';
import { drawRender } from '../../workers/image/draw.ts';
import { runChild } from '../../workers/run-child.ts';

const inPool = process.argv[2] === 'pool';
/** Longer than the lock of a job, so that it stalls and runs elsewhere. */
const blockMs = 25_000;

await runChild(process, {
  draw: async (plan, logo) => {
    if (plan.encodedText.includes('/poison')) {
      // Written at once: nothing is flushed after a SIGKILL.
      writeSync(1, `${JSON.stringify({ msg: 'poisoned', kind: process.argv[2] })}\n`);
      process.kill(process.pid, 'SIGKILL');
    }
    if (inPool && plan.encodedText.includes('/block')) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
      process.stdout.write(`${JSON.stringify({ msg: 'woke' })}\n`);
    }
    return drawRender(plan, logo);
  },
});
