import { randomUUID } from 'node:crypto';
import { firstOfEachId } from '../accepting.ts';
import { newMark } from '../marks.ts';
import type { RenderOutbox } from '../webhook-store.ts';
import { jsonText, renderCodec, type SqlValue } from './columns.ts';
import type { SqliteConnection } from './connection.ts';
import { renderOutboxStatements as statements } from './webhook-statements.ts';

/** See RenderOutbox. */
export function sqliteRenderOutbox(connection: SqliteConnection): RenderOutbox {
  return {
    async end(outcomes) {
      const ended = firstOfEachId(outcomes);
      const marks = ended.map(({ at }) => newMark(at, randomUUID()));
      const parameters = ended.map(({ id, at, result, error, isWanted }, index): SqlValue[] => {
        const status = error === null ? 'completed' : 'failed';
        return [id, status, jsonText(result), jsonText(error), at, isWanted ? 1 : 0, marks[index] as string];
      });
      const read = { sql: statements.markOf.sql, when: 'unchanged' } as const;
      // What power loss undoes is open again, with its marks and callbacks: the sweeper has it drawn and ended once more.
      const more = { otherwise: statements.endWithCallbacks.sql, read, undurable: true } as const;
      const { changes, rows } = await connection.write(statements.end, parameters, more);
      return ended.flatMap(({ id, isWanted }, index) => {
        if (changes[index] === 1) return [{ id, toTell: isWanted === true }];
        return rows[index]?.[0] === marks[index] ? [{ id, toTell: true }] : [];
      });
    },

    async addCallbacks(added, now) {
      const marks = added.map(() => newMark(now, randomUUID()));
      const parameters = added.map(({ id, callbacks }, index) => [id, jsonText(callbacks), marks[index] as string]);
      const read = { sql: statements.markOf.sql, when: 'always' } as const;
      const { rows } = await connection.write(statements.addCallbacks, parameters, { read });
      return added.filter((_, index) => rows[index]?.[0] === marks[index]).map(({ id }) => id);
    },

    async toTell(limit) {
      const found = await connection.list(statements.toTell, [limit]);
      return found.map(([mark, ends, ...row]) => ({
        mark: mark as string,
        ends: JSON.parse(ends as string),
        row: renderCodec.decode(row),
      }));
    },

    async told(rows) {
      await connection.write(
        statements.told,
        rows.map(({ row, mark }) => [row.id, mark]),
      );
    },
  };
}
