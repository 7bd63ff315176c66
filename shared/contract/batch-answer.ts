import { z } from 'zod';
import { batchModes } from '../domain/batches/batch-mode.ts';
import { workErrorSchema } from './problem.ts';
import { workStatusSchema } from './render-answer.ts';

const count = z.int().min(0);

const archivePartSchema = z.object({
  part: z.int().min(1),
  url: z.url(),
  sizeBytes: count,
  sha256: z.string(),
  firstRow: count,
  lastRow: count,
});

/** The resource `batch`. */
export const batchAnswerSchema = z
  .object({
    object: z.literal('batch'),
    id: z.string(),
    name: z.string().nullable(),
    mode: z.enum(batchModes),
    status: workStatusSchema,
    counts: z.object({
      total: count,
      queued: count,
      running: count,
      completed: count,
      failed: count,
      cancelled: count,
    }),
    unreadRows: count.describe(
      'Rows of the file that no worker has read: among those queued, or cancelled once the batch is over, and in no list of rows.',
    ),
    archive: z
      .object({
        url: z.url(),
        sizeBytes: count,
        sha256: z.string(),
        expiresAt: z.iso.datetime(),
        parts: z.array(archivePartSchema),
      })
      .nullable(),
    /** What the file has that may not be as it was meant. */
    warnings: z.array(z.object({ code: z.string(), detail: z.string() })),
    error: workErrorSchema.nullable(),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    /** When it was asked to stop; its status is `cancelled` when what ran has stopped. */
    cancelledAt: z.iso.datetime().nullable(),
    completedAt: z.iso.datetime().nullable(),
    estimatedCompletionAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Batch' });

/** One data row of a batch. */
export const batchRowAnswerSchema = z
  .object({
    row: z.int().min(1),
    line: z.int().min(1),
    name: z.string().nullable(),
    status: workStatusSchema,
    file: z.string().nullable(),
    sha256: z.string().nullable(),
    sizeBytes: count.nullable(),
    codeId: z.string().nullable(),
    shortUrl: z.string().nullable(),
    error: workErrorSchema.nullable(),
  })
  .meta({ id: 'BatchRow' });

export type BatchAnswer = z.infer<typeof batchAnswerSchema>;
export type BatchRowAnswer = z.infer<typeof batchRowAnswerSchema>;
