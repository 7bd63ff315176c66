import type { BatchAnswer, BatchRowAnswer } from '../contract/batch-answer.ts';
import { columnWarnings } from '../contract/everyday-columns.ts';
import { unreadColumnWarnings } from '../contract/unread-columns.ts';
import type { ArchivePart, Batch, BatchRow } from './database/batch-store.ts';
import type { WorkStatus } from './database/database.ts';

type View = {
  /** Counted from the rows that are in the table. */
  counts: Record<WorkStatus, number>;
  publicUrl: string;
  /** Milliseconds since 1970. */
  now: number;
};

const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** Rows that are not in the table yet wait for it; those of a batch that is over will never come. */
function countsOf({ status, file }: Batch, counts: View['counts']): Pick<BatchAnswer, 'counts' | 'unreadRows'> {
  const known = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const missing = Math.max(0, file.rowCount - known);
  const isOver = status !== 'queued' && status !== 'running';
  const add = { queued: isOver ? 0 : missing, cancelled: isOver ? missing : 0 };
  const { queued, cancelled } = counts;
  const shown = { ...counts, queued: queued + add.queued, cancelled: cancelled + add.cancelled };
  return { counts: { total: known + missing, ...shown }, unreadRows: missing };
}

/** Zipping a row takes about so much of what drawing it takes. */
const zipShare = 0.2;

/**
 * This run goes on as fast as it went so far; null where nothing is known of that (failed rows of a retry that are not put back yet count
 * as ended), and of a batch that was cancelled: it ends soon.
 */
function estimate(
  { status, startedAt, cancelledAt, parts, endedBefore, run, isParsed }: Batch,
  counts: BatchAnswer['counts'],
  now: number,
): number | null {
  const ended = counts.completed + counts.failed + counts.cancelled - endedBefore;
  if (run > 1 && !isParsed) return null;
  if (status !== 'running' || startedAt === null || cancelledAt !== null || ended <= 0) return null;
  const zipped = parts.reduce((sum, { firstRow, lastRow }) => sum + lastRow - firstRow + 1, 0);
  const done = ended + zipShare * zipped;
  const all = counts.total * (1 + zipShare) - endedBefore;
  return now + Math.round(((now - startedAt) * Math.max(0, all - done)) / done);
}

function archiveOf({ id, archive, expiresAt }: Batch, { publicUrl, now }: View): BatchAnswer['archive'] {
  const [first] = archive ?? [];
  if (archive === null || first === undefined || expiresAt === null || expiresAt <= now) return null;
  const url = `${publicUrl}/v1/batches/${id}/archive`;
  const shown = ({ part, sizeBytes, sha256, firstRow, lastRow }: ArchivePart) => ({
    part,
    url: `${url}?part=${part}`,
    sizeBytes,
    sha256,
    firstRow,
    lastRow,
  });
  const { sizeBytes, sha256 } = first;
  return { url, sizeBytes, sha256, expiresAt: new Date(expiresAt).toISOString(), parts: archive.map(shown) };
}

/** Shows a batch as it stands. */
export function batchAnswer(batch: Batch, view: View): BatchAnswer {
  const { id, name, mode, status, error } = batch;
  const { counts, unreadRows } = countsOf(batch, view.counts);
  return {
    object: 'batch',
    id,
    name,
    mode,
    status,
    counts,
    unreadRows,
    archive: archiveOf(batch, view),
    warnings: [...columnWarnings(batch.file.layout, mode), ...unreadColumnWarnings(batch.file.layout, mode)],
    error,
    createdAt: new Date(batch.createdAt).toISOString(),
    startedAt: time(batch.startedAt),
    cancelledAt: time(batch.cancelledAt),
    completedAt: time(batch.completedAt),
    estimatedCompletionAt: time(estimate(batch, counts, view.now)),
  };
}

/** Shows one row. */
export function batchRowAnswer({
  row,
  line,
  name,
  status,
  file,
  result,
  codeId,
  shortUrl,
  error,
}: BatchRow): BatchRowAnswer {
  const image = { sha256: result?.sha256 ?? null, sizeBytes: result?.sizeBytes ?? null };
  return { row, line, name, status, file, ...image, codeId, shortUrl, error };
}
