import { drawRender } from '../../workers/image/draw.ts';
import { runChild } from '../../workers/run-child.ts';

await runChild(process, {
  draw: async (plan, logo) => {
    if (plan.encodedText.includes('/poison')) process.kill(process.pid, 'SIGKILL');
    return drawRender(plan, logo);
  },
});
