import type { CallbackSecrets } from '../shared/adapters/database/webhook-store.ts';
import type { CallbackSecretAnswer } from '../shared/contract/webhook-answer.ts';
import { unavailable } from '../shared/errors.ts';
import { newId } from '../shared/new-id.ts';
import { createSigningSecrets, rotated } from '../shared/signing-secrets.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { idempotently } from './middleware/idempotency.ts';
import { previousExpiry } from './webhook-view.ts';

const maxRounds = 20;

/** The route of `/v1/callback-secret/rotate`: a new secret for what goes to the `callbackUrl`s of the tenant, shown once. */
export function createRotateCallbackSecret(deps: ApiDeps) {
  const { config, database, now } = deps;
  const { webhooks } = database;
  const signing = createSigningSecrets(config.secretKey);

  const rotate = async (tenantId: string, secretId: string): Promise<CallbackSecrets> => {
    const { entry } = signing.make(secretId, now());
    for (let round = 0; round < maxRounds; round++) {
      const current = (await webhooks.findCallbackSecrets(tenantId)) ?? { tenantId, secrets: [], revision: 0 };
      if (current.secrets.some(({ id }) => id === secretId)) return current;
      const next = { tenantId, secrets: rotated(current.secrets, entry), revision: current.revision + 1 };
      if (await webhooks.replaceCallbackSecrets(next)) return next;
    }
    throw unavailable('database_unavailable', `The callback secret changed in ${maxRounds} tries to change it`);
  };

  return async (ctx: ApiContext): Promise<void> => {
    const { tenantId } = ctx.state;
    const request = { route: 'POST /v1/callback-secret/rotate', fields: {}, resourceId: newId('sec') };
    const answer = (text: string): void => {
      ctx.set('Cache-Control', 'private, no-store');
      ctx.body = JSON.parse(text) as CallbackSecretAnswer;
    };
    await idempotently(deps, ctx, request, {
      first: async (secretId, keepSecret) => {
        const { secrets } = await rotate(tenantId, secretId);
        const entry = secrets.find(({ id }) => id === secretId);
        if (entry === undefined) throw new Error(`The new callback secret ${secretId} is not there`);
        const made: CallbackSecretAnswer = {
          object: 'callback_secret',
          secret: signing.open(entry),
          previousSecretExpiresAt: previousExpiry(secrets, now()),
          createdAt: new Date(entry.createdAt).toISOString(),
        };
        const text = JSON.stringify(made);
        keepSecret(text);
        answer(text);
      },
      again: async (_, kept) => {
        if (kept === null) throw new Error('A callback secret was answered and not kept');
        answer(kept);
      },
    });
  };
}
