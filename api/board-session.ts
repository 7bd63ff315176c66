import { createSeal } from '../shared/seal.ts';
import type { ApiContext, ApiDeps } from './deps.ts';

/** How long a sign-in lasts. */
const livesMs = 8 * 60 * 60 * 1000;

const cookieName = 'qrf_board';
const purpose = 'board session';

export type BoardSession = ReturnType<typeof createBoardSession>;

/**
 * Sign-ins to the board, in a cookie that is sealed (encrypted and signed) and names its key by digest only. No process keeps
 * anything of it: whether the key is still good is asked at every request.
 *
 * @param options.path the board's path at PUBLIC_URL; the cookie goes nowhere else
 */
export function createBoardSession(
  { config, now }: { config: Pick<ApiDeps['config'], 'publicUrl' | 'secretKey'>; now: () => number },
  { path }: { path: string },
) {
  const seal = createSeal(config.secretKey);
  const { protocol, origin } = new URL(config.publicUrl);
  const attributes = `Path=${path}; HttpOnly; SameSite=Strict${protocol === 'https:' ? '; Secure' : ''}`;
  const setCookie = (ctx: ApiContext, value: string, maxAgeS: number): void => {
    // By hand: Koa's own would refuse `Secure` behind a proxy that ends TLS.
    ctx.set('Set-Cookie', `${cookieName}=${value}; ${attributes}; Max-Age=${maxAgeS}`);
  };

  return {
    begin(ctx: ApiContext, keyDigest: string): void {
      const facts = JSON.stringify({ keyDigest, until: now() + livesMs });
      setCookie(ctx, seal.close(facts, purpose), livesMs / 1000);
    },

    end(ctx: ApiContext): void {
      setCookie(ctx, '', 0);
    },

    /** The digest of the key that signed in here; null without a cookie, or with one that is old or not ours. */
    keyDigest(ctx: ApiContext): string | null {
      const cookie = ctx.cookies.get(cookieName);
      if (cookie === undefined || cookie === '') return null;
      try {
        const { keyDigest, until } = JSON.parse(seal.open(cookie, purpose)) as { keyDigest: string; until: number };
        return now() < until ? keyDigest : null;
      } catch {
        return null;
      }
    },

    /** Whether the page that sent this request is one of ours: a browser says so in `Origin`, which no other site can forge. */
    isFromHere(ctx: ApiContext): boolean {
      const from = ctx.get('Origin');
      if (from === origin) return true;
      return URL.canParse(from) && new URL(from).host === ctx.get('Host');
    },
  };
}
