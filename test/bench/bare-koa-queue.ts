import { text } from 'node:stream/consumers';
import Koa from 'koa';
import { openAddAndWait } from './add-and-wait.ts';

/** The floor to beat: bare Koa that reads a body of JSON, adds a job that does nothing, and waits for it. Run as a process: REDIS_URL. */
const [, , redisUrl = ''] = process.argv;
const { addAndWait } = await openAddAndWait(redisUrl);
const app = new Koa();
app.use(async (context) => {
  const { size } = JSON.parse(await text(context.req)) as { size: number };
  await addAndWait();
  context.body = { status: 'completed', size };
});
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : null });
});
process.once('disconnect', () => process.exit(0));
