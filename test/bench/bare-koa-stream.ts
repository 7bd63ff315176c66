import { Redis } from 'ioredis';
import Koa from 'koa';

/**
 * The floor to beat: bare Koa that redirects to what one Redis GET gives, and notes the scan by one XADD before it answers. Run as a
 * process: REDIS_URL.
 */
const [, , redisUrl = ''] = process.argv;
const redis = new Redis(redisUrl);
const app = new Koa();
app.use(async (context) => {
  const slug = context.path.slice(1).toLowerCase();
  const target = await redis.get(`code:${slug}`);
  if (target === null) return;
  const agent = context.get('User-Agent');
  await redis.xadd('scans', 'MAXLEN', '~', 100_000, '*', 'code', slug, 'at', Date.now(), 'agent', agent);
  context.redirect(target);
});
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : null });
});
process.once('disconnect', () => process.exit(0));
