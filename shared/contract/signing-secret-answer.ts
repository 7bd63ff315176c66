import { z } from 'zod';

/** A new secret for signed queries, shown once. */
export const signingSecretAnswerSchema = z
  .object({
    object: z.literal('signing_secret'),
    kid: z.string(),
    secret: z.string(),
    previousKid: z.string().nullable(),
    previousSecretExpiresAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'SigningSecret' });

export type SigningSecretAnswer = z.infer<typeof signingSecretAnswerSchema>;
