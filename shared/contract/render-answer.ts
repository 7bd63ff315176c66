import { z } from 'zod';
import { errorCorrectionLevels, imageFormats } from '../domain/render-spec.ts';
import { workErrorSchema } from './problem.ts';

export const workStatusSchema = z
  .enum(['queued', 'running', 'completed', 'failed', 'cancelled'])
  .meta({ id: 'WorkStatus' });

const warningSchema = z.object({ code: z.string(), detail: z.string() }).meta({ id: 'Warning' });

/** The canonical spec as it is shown; `marginPx` stands there only when a peer's route measured the margin in pixels. */
const shownSpecSchema = z
  .object({
    content: z.looseObject({ type: z.string() }),
    format: z.enum(imageFormats),
    size: z.int(),
    margin: z.number(),
    marginPx: z.number().optional(),
    errorCorrection: z.enum(errorCorrectionLevels),
    foreground: z.string(),
    background: z.string(),
    logo: z.object({ id: z.string(), ratio: z.number() }).nullable(),
  })
  .meta({ id: 'RenderSpec' });

/** The resource `render`; `symbol`, `image` and `completedAt` are null until completed. */
export const renderAnswerSchema = z
  .object({
    object: z.literal('render'),
    id: z.string(),
    status: workStatusSchema,
    spec: shownSpecSchema,
    encodedText: z.string(),
    symbol: z
      .object({
        version: z.int(),
        modules: z.int(),
        errorCorrection: z.enum(errorCorrectionLevels),
        mask: z.int(),
      })
      .nullable(),
    image: z
      .object({
        url: z.url(),
        contentType: z.enum(['image/png', 'image/svg+xml']),
        width: z.int(),
        sizeBytes: z.int(),
        sha256: z.string(),
      })
      .nullable(),
    warnings: z.array(warningSchema),
    error: workErrorSchema.nullable(),
    createdAt: z.iso.datetime(),
    completedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Render' });

export type RenderAnswer = z.infer<typeof renderAnswerSchema>;
