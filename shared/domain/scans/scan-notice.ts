/** A scan as a message shows it. */
type ToldScan = Record<string, unknown>;

/** What is to be told of a code's scans: gathered here, told a few seconds apart. */
export type ScanNotice = {
  codeId: string;
  tenantId: string;
  /** Scans since the last telling. */
  count: number;
  /** The first of them, at most `mostScansTold`. */
  scans: ToldScan[];
  /** Segments of the journal that were added last, so that none is added twice. */
  segments: string[];
  /** What is being told: it stays until its deliveries are stored. */
  group: { id: string; at: number; count: number; scans: ToldScan[] } | null;
  /** When the next telling is due; null: nothing waits. Milliseconds, as all times here. */
  dueAt: number | null;
  toldAt: number | null;
  /** Counts changes: 1, 2 … */
  revision: number;
};

export const mostScansTold = 100;
/** Tellings of one code are at least so far apart. */
export const tellingEveryMs = 5000;
/** Segments that are remembered: a segment that was cut off comes again within seconds. */
const mostSegments = 200;

/** `count` scans, of which `scans` are the first. */
type Added = { codeId: string; tenantId: string; segmentId: string; scans: ToldScan[]; count: number; now: number };

/** Returns the notice with a segment's scans of its code added; null when they are in it already. */
export function withScans(notice: ScanNotice | null, added: Added): ScanNotice | null {
  const { codeId, tenantId, segmentId, scans, count, now } = added;
  const before = notice ?? emptyNotice(codeId, tenantId);
  if (before.segments.includes(segmentId)) return null;
  return {
    ...before,
    count: before.count + count,
    scans: [...before.scans, ...scans].slice(0, mostScansTold),
    segments: [...before.segments, segmentId].slice(-mostSegments),
    dueAt: before.dueAt ?? Math.max(now, (before.toldAt ?? 0) + tellingEveryMs),
    revision: before.revision + 1,
  };
}

/** Returns the notice with what has gathered made the group that is told under `id`; a group that is there stays. */
export function withGroup(notice: ScanNotice, id: string, now: number): ScanNotice {
  if (notice.group !== null) return notice;
  const { count, scans, revision } = notice;
  return { ...notice, group: { id, at: now, count, scans }, count: 0, scans: [], revision: revision + 1 };
}

/** Returns the notice after its group was told: what has gathered meanwhile is due a few seconds later. */
export function withGroupTold(notice: ScanNotice, now: number): ScanNotice {
  const dueAt = notice.count > 0 ? now + tellingEveryMs : null;
  return { ...notice, group: null, toldAt: now, dueAt, revision: notice.revision + 1 };
}

function emptyNotice(codeId: string, tenantId: string): ScanNotice {
  const nothing = { count: 0, scans: [], segments: [], group: null, dueAt: null, toldAt: null, revision: 0 };
  return { codeId, tenantId, ...nothing };
}
