import type { Database } from '../shared/adapters/database/database.ts';
import { newId } from '../shared/new-id.ts';
import { createSeal } from '../shared/seal.ts';
import type { ApiContext, ApiDeps } from './deps.ts';

/** How long a sign-in lasts. */
const livesMs = 8 * 60 * 60 * 1000;

const cookieName = 'qrf_board';
const purpose = 'board session';

/** Begins the name of the setting that a session which was signed out leaves until its cookie is old: its value says when. */
const endedPrefix = 'board_session_ended ';

type Facts = { id: string; keyDigest: string; until: number };

type Needs = {
  config: Pick<ApiDeps['config'], 'publicUrl' | 'secretKey'>;
  database: Pick<Database, 'claimSetting' | 'listSettings' | 'removeSettings'>;
  now: () => number;
};

/**
 * Sign-ins to the board, in a cookie that is sealed (encrypted and signed) and names its key by digest only. Whether the key is still
 * good, and whether the session was signed out, is asked at every request: without the database nobody is in.
 *
 * @param options.path the board's path at PUBLIC_URL; the cookie goes nowhere else
 */
export function createBoardSession({ config, database, now }: Needs, { path }: { path: string }) {
  const seal = createSeal(config.secretKey);
  const { protocol, origin } = new URL(config.publicUrl);
  const attributes = `Path=${path}; HttpOnly; SameSite=Strict${protocol === 'https:' ? '; Secure' : ''}`;
  const setCookie = (ctx: ApiContext, value: string, maxAgeS: number): void => {
    // By hand: Koa's own would refuse `Secure` behind a proxy that ends TLS.
    ctx.set('Set-Cookie', `${cookieName}=${value}; ${attributes}; Max-Age=${maxAgeS}`);
  };

  /** Null without a cookie, or with one that is old or not ours; one of before sessions had ids is old. */
  const factsOf = (ctx: ApiContext): Facts | null => {
    const cookie = ctx.cookies.get(cookieName);
    if (cookie === undefined || cookie === '') return null;
    try {
      const facts = JSON.parse(seal.open(cookie, purpose)) as Facts;
      return facts.id !== undefined && now() < facts.until ? facts : null;
    } catch {
      return null;
    }
  };

  const forgetOld = async (): Promise<void> => {
    const ended = await database.listSettings(endedPrefix);
    await database.removeSettings(ended.filter(({ value }) => Number(value) <= now()).map(({ name }) => name));
  };

  return {
    begin(ctx: ApiContext, keyDigest: string): void {
      const facts: Facts = { id: newId('ses'), keyDigest, until: now() + livesMs };
      setCookie(ctx, seal.close(JSON.stringify(facts), purpose), livesMs / 1000);
    },

    /**
     * Ends the session in every process, for whoever has a copy of its cookie too.
     *
     * @throws AppError `unavailable`; then it is not ended, and the browser keeps its cookie to try again
     */
    async end(ctx: ApiContext): Promise<void> {
      const facts = factsOf(ctx);
      if (facts !== null) {
        await database.claimSetting(endedPrefix + facts.id, String(facts.until));
        await forgetOld();
      }
      setCookie(ctx, '', 0);
    },

    /** The digest of the key that signed in here; null without a session that goes on. */
    async keyDigest(ctx: ApiContext): Promise<string | null> {
      const facts = factsOf(ctx);
      if (facts === null) return null;
      const name = endedPrefix + facts.id;
      const ended = await database.listSettings(name);
      return ended.some((setting) => setting.name === name) ? null : facts.keyDigest;
    },

    /** Whether the page that sent this request is one of ours: a browser says so in `Origin`, which no other site can forge. */
    isFromHere(ctx: ApiContext): boolean {
      const from = ctx.get('Origin');
      if (from === origin) return true;
      return URL.canParse(from) && new URL(from).host === ctx.get('Host');
    },
  };
}
