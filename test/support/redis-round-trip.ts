import { connectImageCache } from '../../shared/adapters/image-cache.ts';
import { startJobWorker } from '../../shared/adapters/job-worker.ts';
import { connectQueues } from '../../shared/adapters/queues.ts';
import { createLog } from '../../shared/log.ts';

// A process of its own: the certificates that Node trusts are fixed when it starts.
const redis = { url: process.argv[2] as string, prefix: 'qrf' };
const log = createLog('round-trip', 'info');
const queues = await connectQueues(redis, log);
const cache = await connectImageCache(redis, log);

const heard = new Promise<string[]>((resolve) => void queues.onEnded(resolve));
const worker = await startJobWorker({
  queue: 'renders',
  redis,
  concurrency: 1,
  log,
  process: async ({ id }) => {
    await cache.put([{ id, bytes: Buffer.from('image') }]);
    return { verdict: 'done' };
  },
});
await queues.add([{ name: 'render-codes', payload: { renderIds: ['rnd_a'] }, jobId: 'job_a' }]);
const telling = setInterval(() => void queues.announceEnded(['rnd_a']), 50);
await heard;
clearInterval(telling);
while ((await queues.liveJobs('renders', ['job_a'])).size > 0) await new Promise((resolve) => setTimeout(resolve, 20));
const image = await cache.get('job_a');
process.stdout.write(`${JSON.stringify({ image: String(image) })}\n`);
await worker.close({ graceMs: 1000 });
await cache.close();
await queues.close();
