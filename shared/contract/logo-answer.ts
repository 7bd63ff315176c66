import { z } from 'zod';

/** The resource `logo`; a logo is answered only once a worker has decoded it. */
export const logoAnswerSchema = z
  .object({
    object: z.literal('logo'),
    id: z.string(),
    contentType: z.enum(['image/png', 'image/jpeg', 'image/webp']),
    width: z.int(),
    height: z.int(),
    sizeBytes: z.int(),
    sha256: z.string(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Logo' });

export type LogoAnswer = z.infer<typeof logoAnswerSchema>;
