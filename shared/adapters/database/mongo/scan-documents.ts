import type { PackedDay } from '../../../domain/scans/scan-day.ts';
import type { DirtyBucket, ScanRow } from '../scan-store.ts';
import type { Stored } from './collections.ts';

export type ScanDocument = Stored<ScanRow>;
/** `_id`: code and bucket. */
export type MarkDocument = DirtyBucket & { _id: string; since: number };
export type SegmentDocument = { _id: string; recordedAt: number };
/** `_id`: code or tenant, and day. */
export type DayDocument = PackedDay & {
  _id: string;
  tenantId: string;
  codeId: string | null;
  day: number;
  revision: number;
};

/** `_id`: owner and span; `total` is JSON. */
export type SpanDocument = { _id: string; span: number; days: number; revisions: number; total: string };

/** Which query each is for stands beside the query, as for the others in collections.ts. */
export const scanIndexes = {
  scans: [
    { name: 'by_code', key: { codeId: 1, at: 1, _id: 1 } },
    { name: 'by_tenant', key: { tenantId: 1, at: 1, _id: 1, codeId: 1 } },
    { name: 'by_visitor', key: { visitor: 1, codeId: 1, at: 1 } },
  ],
  scan_marks: [
    { name: 'oldest', key: { since: 1, _id: 1 } },
    { name: 'by_code', key: { codeId: 1, start: 1 } },
    { name: 'by_tenant', key: { tenantId: 1, start: 1 } },
  ],
  scan_segments: [{ name: 'by_time', key: { recordedAt: 1 } }],
  scan_days: [{ name: 'by_code', key: { codeId: 1, day: 1 } }],
  tenant_scan_days: [{ name: 'by_tenant', key: { tenantId: 1, day: 1 } }],
  scan_spans: [],
} as const;
