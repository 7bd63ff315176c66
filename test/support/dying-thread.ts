import { parentPort } from 'node:worker_threads';

/** A database thread, for tests, that gets ready and dies of its first request. */
parentPort?.on('message', () => {
  throw new Error('the thread had to die');
});
parentPort?.postMessage({ kind: 'ready' });
