import { signingSecretAnswerSchema } from '../../shared/contract/signing-secret-answer.ts';
import type { Operations } from './operation.ts';

/** The secret that signs queries. */
export const signingSecretOperations = {
  'POST /v1/signing-secret/rotate': {
    id: 'rotateSigningSecret',
    tag: 'Images',
    summary: 'Make a new secret for signed queries',
    description: 'The one before is good beside it for a day; `kid` says which of the two signed a query.',
    access: 'write',
    headers: ['Idempotency-Key'],
    answers: {
      200: {
        description: 'The new secret, in this answer only.',
        headers: ['Cache-Control!', 'Idempotency-Replayed'],
        content: {
          'application/json': {
            schema: signingSecretAnswerSchema,
            examples: {
              secret: {
                object: 'signing_secret',
                kid: 'sgn_Zt0bT4u1yH5mJ2Qx9cVa',
                secret: 'qrs_9rI0Qk7cJ3m0Yc8lM1f4bY2oXv6sT5uWzA8eLhPjNqE',
                previousKid: null,
                previousSecretExpiresAt: null,
                createdAt: '2026-11-27T12:00:00.000Z',
              },
            },
          },
        },
      },
    },
  },
} as const satisfies Operations;
