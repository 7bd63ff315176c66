import { z } from 'zod';
import { scanSources } from '../domain/scans/analytics.ts';
import { listAnswerSchema } from './lists.ts';

/** The resource `scan`: one line of the ledger. Unknown is null; there is no address and no visitor in it. */
const scanAnswerSchema = z
  .object({
    object: z.literal('scan'),
    id: z.string(),
    at: z.iso.datetime(),
    codeId: z.string(),
    /** Null: it was sent to the fallback target. */
    version: z.int().nullable(),
    target: z.string().nullable(),
    source: z.enum(scanSources).nullable(),
    country: z.string().nullable(),
    city: z.string().nullable(),
    device: z.enum(['mobile', 'tablet', 'desktop', 'other']).nullable(),
    system: z.string().nullable(),
    browser: z.string().nullable(),
    referrer: z.string().nullable(),
    language: z.string().nullable(),
    bot: z.boolean(),
  })
  .meta({ id: 'Scan' });

export type ScanAnswer = z.infer<typeof scanAnswerSchema>;

export const scanListSchema = listAnswerSchema(scanAnswerSchema).extend({ attribution: z.string() });
