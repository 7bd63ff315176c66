import type { SigningSecretAnswer } from '../shared/contract/signing-secret-answer.ts';
import { newId } from '../shared/new-id.ts';
import { overlapMs } from '../shared/signing-secrets.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { idempotently } from './middleware/idempotency.ts';
import type { QuerySecrets } from './query-secrets.ts';

/** The route of `/v1/signing-secret/rotate`: a new secret for signed queries of the tenant, shown once; the one before is good for a day. */
export function createRotateSigningSecret(deps: ApiDeps, { secrets }: { secrets: QuerySecrets }) {
  return async (ctx: ApiContext): Promise<void> => {
    const { tenantId } = ctx.state;
    const request = { route: 'POST /v1/signing-secret/rotate', fields: {}, resourceId: newId('sgn') };
    const answer = (text: string): void => {
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = JSON.parse(text) as SigningSecretAnswer;
    };
    await idempotently(deps, ctx, request, {
      first: async (id, keepSecret) => {
        const { made, previousKid } = await secrets.rotate(tenantId, id);
        const shown: SigningSecretAnswer = {
          object: 'signing_secret',
          kid: made.kid,
          secret: made.secret,
          previousKid,
          previousSecretExpiresAt: previousKid === null ? null : new Date(made.createdAt + overlapMs).toISOString(),
          createdAt: new Date(made.createdAt).toISOString(),
        };
        const text = JSON.stringify(shown);
        keepSecret(text);
        answer(text);
      },
      again: async (_, kept) => {
        if (kept === null) throw new Error('A signing secret was answered and not kept');
        answer(kept);
      },
    });
  };
}
