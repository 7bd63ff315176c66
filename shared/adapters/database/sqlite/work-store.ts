import { firstOfEachId, startedBy, takeFirst } from '../accepting.ts';
import type { Accepted, OpenWork, Outcome, WorkStatus, WorkStore } from '../database.ts';
import { jsonText, type RowCodec, type SqlValue } from './columns.ts';
import type { SqliteConnection } from './connection.ts';
import { beforeEverything, type Statement } from './statements.ts';

type WorkStatements = Record<
  'insert' | 'insertOrRestart' | 'find' | 'findEach' | 'finish' | 'openWork' | 'requeue' | 'countStart',
  Statement
>;

type Work = { id: string; status: WorkStatus; jobId: string; starts: number };

/** What both kinds of work do alike; `fresh` makes the row that a new one begins as. */
export function sqliteWorkStore<Row extends Work, New extends { id: string; jobId: string }, Result>(
  connection: SqliteConnection,
  codec: RowCodec<Row>,
  statements: WorkStatements,
  fresh: (row: New, now: number) => Row,
): Omit<WorkStore<Row, New, Result>, 'list'> {
  const find = async (id: string): Promise<Row | null> => {
    const values = await connection.find(statements.find, id);
    return values === null ? null : codec.decode(values);
  };
  return {
    find,
    async accept(news, now) {
      const rows = firstOfEachId(news).map((row) => fresh(row, now));
      const { insert, insertOrRestart } = statements;
      const read = { sql: statements.find.sql, when: 'unchanged' } as const;
      const more = { otherwise: insertOrRestart.sql, read };
      const result = await connection.write(insert, rows.map(codec.encode), more);
      const accepted = new Map<string, Accepted<Row>>();
      rows.forEach((made, index) => {
        const found = result.rows[index];
        const row = found ? codec.decode(found) : made;
        accepted.set(made.id, { row, started: startedBy(made.jobId, row) });
      });
      return news.map(({ id }) => takeFirst(accepted, id));
    },
    async findMany(ids) {
      if (ids.length === 0) return [];
      return (await connection.findEach(statements.findEach, ids)).map(codec.decode);
    },
    async finish(outcomes) {
      const ended = firstOfEachId(outcomes);
      const { changes } = await connection.write(statements.finish, ended.map(finishParameters));
      return ended.filter((_, index) => changes[index] === 1).map(({ id }) => id);
    },
    async openWork({ before, limit, after }) {
      const [queuedAt, id] = after === null ? beforeEverything : [after.queuedAt, after.id];
      const rows = await connection.list(statements.openWork, [before, queuedAt, id, limit]);
      return rows.map(openWorkOf);
    },
    async requeue(rows, now) {
      const parameters = rows.map(({ id, jobId, suspect }) => [id, jobId, suspect ? 1 : 0, now]);
      await connection.write(statements.requeue, parameters);
    },
    async countStart(id) {
      const read = { sql: statements.find.sql, when: 'always' } as const;
      const { changes, rows } = await connection.write(statements.countStart, [[id]], { read });
      return changes[0] === 1 ? codec.decode(rows[0] as SqlValue[]).starts : 0;
    },
  };
}

function finishParameters({ id, at, result, error }: Outcome<unknown>): SqlValue[] {
  return [id, error === null ? 'completed' : 'failed', jsonText(result), jsonText(error), at];
}

function openWorkOf([id, jobId, suspect, queuedAt]: SqlValue[]): OpenWork {
  return { id: id as string, jobId: jobId as string, suspect: suspect === 1, queuedAt: queuedAt as number };
}
