import type { CodeRow } from '../../shared/adapters/database/code-store.ts';
import { imagePath } from '../../shared/contract/show-render.ts';
import { AppError } from '../../shared/errors.ts';
import type { AdminContext } from './admin-context.ts';

/**
 * Empties what is remembered of one render (id), of one code (id or slug), or of everything: in Redis and in every process of the
 * API; says what a CDN in front has to be told.
 *
 * @throws AppError `not-found` when there is no such code or render; what is remembered of a render that was deleted is removed still
 */
export async function purgeCache(context: AdminContext, what: string): Promise<void> {
  const { config, database, queues, imageCache, say } = context;
  const { publicUrl } = config;
  if (what === 'all') {
    say(`${await (await imageCache()).clear()} images forgotten in Redis`);
    await (await queues()).announceForgotten('all');
    say('every process of the API was told to forget all renders and codes');
    say(`at a CDN: purge all of ${publicUrl}/`);
    return;
  }
  if (what.startsWith('rnd_')) {
    await (await imageCache()).remove([what]);
    await (await queues()).announceForgotten([what]);
    if ((await (await database()).renders.find(what)) === null)
      throw new AppError(
        'not-found',
        'render_not_found',
        `There is no render ${what}; were it deleted, it is forgotten now`,
      );
    say(`${what}: forgotten in Redis and by every process of the API`);
    say(`at a CDN: purge ${publicUrl}${imagePath(what)}, and whichever /v1/qr URLs show it`);
    return;
  }
  const { slug, shortOrigin } = await findCode(context, what);
  await (await queues()).announceForgotten([slug]);
  say(`${slug}: forgotten by every process of the API`);
  say(`at a CDN: nothing, ${shortOrigin}/${slug} is never stored there`);
}

async function findCode({ database }: AdminContext, which: string): Promise<CodeRow> {
  const { codes } = await database();
  const code = (await codes.find(which)) ?? (await codes.findBySlug(which.toLowerCase()));
  if (code !== null) return code;
  throw new AppError('not-found', 'code_not_found', `There is no render and no code with the id or slug ${which}`);
}
