import { z } from 'zod';
import { codeStatuses } from '../domain/code-status.ts';
import { errorCorrectionLevels, imageFormats } from '../domain/render-spec.ts';

/** `imageOptions` as they are shown: what was given, and nothing else. */
const shownImageOptionsSchema = z
  .strictObject({
    format: z.enum(imageFormats),
    size: z.int(),
    margin: z.int(),
    errorCorrection: z.enum(errorCorrectionLevels),
    foreground: z.string(),
    background: z.string(),
    logo: z.object({ id: z.string(), ratio: z.number() }),
    compact: z.boolean(),
  })
  .partial()
  .meta({ id: 'ShownImageOptions' });

/** The resource `code`. */
export const codeAnswerSchema = z
  .object({
    object: z.literal('code'),
    id: z.string(),
    slug: z.string(),
    domain: z.string(),
    shortUrl: z.url(),
    encodedText: z.string(),
    target: z.string(),
    fallbackTarget: z.string().nullable(),
    status: z.enum(codeStatuses),
    title: z.string().nullable(),
    tags: z.array(z.string()),
    imageOptions: shownImageOptionsSchema,
    image: z.object({ url: z.url() }),
    forwardQuery: z.boolean(),
    expiresAt: z.iso.datetime().nullable(),
    externalId: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()),
    batchId: z.string().nullable(),
    scanCount: z.int(),
    lastScannedAt: z.iso.datetime().nullable(),
    version: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Code' });

/** One target that a code led to; `to` is null for the one that it leads to now. */
export const targetVersionSchema = z
  .object({
    version: z.int(),
    target: z.string(),
    from: z.iso.datetime(),
    to: z.iso.datetime().nullable(),
    changedBy: z.string(),
  })
  .meta({ id: 'TargetVersion' });

export type CodeAnswer = z.infer<typeof codeAnswerSchema>;
export type TargetVersionAnswer = z.infer<typeof targetVersionSchema>;
