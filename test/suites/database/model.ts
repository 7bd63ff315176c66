import type { NewRender, Outcome, RenderResult, RenderRow } from '../../../shared/adapters/database/database.ts';

const isOpen = (row: RenderRow): boolean => row.status === 'queued' || row.status === 'running';

const restarted = {
  status: 'queued',
  result: null,
  error: null,
  suspect: false,
  starts: 0,
  completedAt: null,
} as const;

/** The render store as its docstrings have it, on a map. */
export class RenderModel {
  readonly rows = new Map<string, RenderRow>();

  #open(id: string): RenderRow | null {
    const row = this.rows.get(id);
    return row && isOpen(row) ? row : null;
  }

  accept(news: NewRender[], now: number): boolean[] {
    return news.map((row) => {
      const known = this.rows.get(row.id);
      if (known && known.status !== 'failed' && known.status !== 'cancelled') return false;
      const createdAt = known?.createdAt ?? now;
      this.rows.set(row.id, {
        ...row,
        requestId: row.requestId ?? null,
        ...restarted,
        createdAt,
        queuedAt: now,
        lastUsedAt: now,
      });
      return true;
    });
  }

  finish(outcomes: Outcome<RenderResult>[]): string[] {
    return outcomes.flatMap(({ id, at, result, error }) => {
      const row = this.#open(id);
      if (!row) return [];
      Object.assign(row, { status: error === null ? 'completed' : 'failed', result, error, completedAt: at });
      return [id];
    });
  }

  requeue(rows: { id: string; jobId: string; suspect: boolean }[], now: number): void {
    for (const { id, jobId, suspect } of rows) {
      const row = this.#open(id);
      if (row) Object.assign(row, { status: 'queued', jobId, suspect: row.suspect || suspect, queuedAt: now });
    }
  }

  countStart(id: string): number {
    const row = this.#open(id);
    if (!row) return 0;
    row.status = 'running';
    row.starts++;
    return row.starts;
  }

  reopen(id: string, jobId: string, now: number): boolean {
    const row = this.rows.get(id);
    if (row?.status !== 'completed') return false;
    Object.assign(row, { ...restarted, jobId, queuedAt: now });
    return true;
  }

  remove(id: string): boolean {
    return this.rows.delete(id);
  }

  touch(ids: string[], now: number): void {
    for (const id of ids) {
      const row = this.rows.get(id);
      if (row) row.lastUsedAt = now;
    }
  }

  openWork(): string[] {
    const open = [...this.rows.values()].filter(isOpen);
    return open.sort((a, b) => a.queuedAt - b.queuedAt || (a.id < b.id ? -1 : 1)).map(({ id }) => id);
  }

  newestFirst(): string[] {
    const rows = [...this.rows.values()];
    return rows.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1)).map(({ id }) => id);
  }
}
