import type { Accepted, LogoRow, Millis, NewLogo, NewRender, RenderRow, WorkStatus } from './database.ts';

/** Work in these statuses is still to be done. */
export const openStatuses = ['queued', 'running'] as const satisfies readonly WorkStatus[];

/** Work that ended in these statuses is started anew when it is asked for again. */
export const endedInVain = ['failed', 'cancelled'] as const satisfies readonly WorkStatus[];

/** Returns the rows without those whose id stood before; the first of each id stays. */
export function firstOfEachId<Row extends { id: string }>(rows: readonly Row[]): Row[] {
  const byId = new Map<string, Row>();
  for (const row of rows) if (!byId.has(row.id)) byId.set(row.id, row);
  return [...byId.values()];
}

/**
 * Tells whether an accept put `row` to work: the row is open and carried by the job that this very call brought.
 *
 * An accept that is repeated with its own job id, because its answer was lost, is told `true` again.
 */
export function startedBy(jobId: string, row: { status: WorkStatus; jobId: string }): boolean {
  return row.jobId === jobId && (openStatuses as readonly WorkStatus[]).includes(row.status);
}

/** Takes what was accepted under `id` (it must be there); whoever asks again is told that he did not start it. */
export function takeFirst<Row>(accepted: Map<string, Accepted<Row>>, id: string): Accepted<Row> {
  const answer = accepted.get(id) as Accepted<Row>;
  accepted.set(id, { row: answer.row, started: false });
  return answer;
}

const freshWork = (now: Millis) =>
  ({
    status: 'queued',
    result: null,
    error: null,
    suspect: false,
    starts: 0,
    createdAt: now,
    queuedAt: now,
    completedAt: null,
  }) as const;

/** Returns the row that a new render begins as. */
export function freshRender(row: NewRender, now: Millis): RenderRow {
  const { id, tenantId, spec, rendererVersion, jobId, requestId = null } = row;
  return { id, tenantId, spec, rendererVersion, jobId, ...freshWork(now), lastUsedAt: now, requestId };
}

/** Returns the row that a new logo begins as. */
export function freshLogo({ id, tenantId, contentType, sizeBytes, sha256, jobId }: NewLogo, now: Millis): LogoRow {
  return { id, tenantId, contentType, sizeBytes, sha256, jobId, ...freshWork(now), deletedAt: null };
}
