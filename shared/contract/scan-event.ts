import { z } from 'zod';

/**
 * An event as the redirect mints it and the journal carries it: no address, and nothing that a worker can find out. A field that a
 * newer API has put in goes; the scan stays.
 */
export const scanEventSchema = z.object({
  id: z.string().regex(/^scn_[\w-]{10,60}$/),
  tenantId: z.string().min(1).max(128),
  codeId: z.string().min(1).max(128),
  at: z.int().min(0),
  version: z.int().min(1).nullable(),
  fallbackTarget: z.string().max(4096).nullable(),
  source: z.enum(['qr', 'link']).nullable(),
  country: z.string().max(2).nullable(),
  city: z.string().max(200).nullable(),
  visitor: z.string().max(64).nullable(),
  /** At most 512 characters. */
  userAgent: z.string().max(512).nullable(),
  referrer: z.string().max(253).nullable(),
  language: z.string().max(8).nullable(),
  /** The request said of itself that it is a prefetch or preview. */
  prefetch: z.boolean(),
});

export type ScanEvent = z.infer<typeof scanEventSchema>;

/** So many events go in one job at most. */
export const maxScansPerJob = 500;
