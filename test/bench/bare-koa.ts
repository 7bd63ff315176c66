import { Redis } from 'ioredis';
import Koa from 'koa';

/** The floor to beat: bare Koa that answers with what one Redis GET gives. Run as a process: REDIS_URL KEY. */
const [, , redisUrl = '', key = ''] = process.argv;
const redis = new Redis(redisUrl);
const app = new Koa();
app.use(async (context) => {
  context.body = await redis.getBuffer(key);
  context.type = 'image/png';
});
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : null });
});
process.once('disconnect', () => process.exit(0));
