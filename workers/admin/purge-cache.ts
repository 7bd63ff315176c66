import { imagePath } from '../../shared/contract/show-render.ts';
import type { AdminContext } from './admin-context.ts';

/**
 * Empties what is remembered of one render (id), of one code (slug), or of everything: in Redis and in every process of the API; says
 * what a CDN in front has to be told.
 */
export async function purgeCache({ config, queues, imageCache, say }: AdminContext, what: string): Promise<void> {
  const { publicUrl, shortUrl } = config;
  if (what === 'all') {
    say(`${await (await imageCache()).clear()} images forgotten in Redis`);
    await (await queues()).announceForgotten('all');
    say('every process of the API was told to forget all renders and codes');
    say(`at a CDN: purge all of ${publicUrl}/`);
    return;
  }
  const isRender = what.startsWith('rnd_');
  const name = isRender ? what : what.toLowerCase();
  if (isRender) await (await imageCache()).remove([name]);
  await (await queues()).announceForgotten([name]);
  say(`${name}: forgotten${isRender ? ' in Redis and' : ''} by every process of the API`);
  say(
    isRender
      ? `at a CDN: purge ${publicUrl}${imagePath(name)}, and whichever /v1/qr URLs show it`
      : `at a CDN: nothing, ${shortUrl}/${name} is never stored there`,
  );
}
