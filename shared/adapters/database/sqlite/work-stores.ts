import type { ImageFormat } from '../../../domain/render-spec.ts';
import { freshLogo, freshRender } from '../accepting.ts';
import type { LogoStore, Page, RenderStore } from '../database.ts';
import { logoCodec, renderCodec, type SqlValue } from './columns.ts';
import type { SqliteConnection } from './connection.ts';
import { sqliteRenderOutbox } from './render-outbox.ts';
import { beforeEverything, behindEverything, logoStatements, renderStatements } from './statements.ts';
import { sqliteWorkStore } from './work-store.ts';

/** Where a page begins: behind `after`, or at the end that its order begins at. */
function pageStart({ after, order }: Page): readonly [number, string] {
  if (after !== null) return [after.createdAt, after.id];
  return order === 'newest-first' ? behindEverything : beforeEverything;
}

export function sqliteRenders(connection: SqliteConnection): RenderStore {
  const statements = renderStatements;
  const outbox = sqliteRenderOutbox(connection);
  const changesOne = async (statement: (typeof statements)['reopen'], parameters: SqlValue[]): Promise<boolean> =>
    (await connection.write(statement, [parameters])).changes[0] === 1;
  return {
    ...sqliteWorkStore(connection, renderCodec, statements, freshRender),
    ...outbox,
    finish: async (outcomes) => (await outbox.end(outcomes)).map(({ id }) => id),
    async list(tenantId, page) {
      const start = [tenantId, ...pageStart(page), page.limit];
      const newest = page.order === 'newest-first';
      if (page.status === null) {
        const statement = newest ? statements.newestFirst : statements.oldestFirst;
        return (await connection.list(statement, start)).map(renderCodec.decode);
      }
      const statement = newest ? statements.newestFirstOfStatus : statements.oldestFirstOfStatus;
      return (await connection.list(statement, [...start, page.status])).map(renderCodec.decode);
    },
    reopen: (id, jobId, now) => changesOne(statements.reopen, [id, jobId, now]),
    remove: (tenantId, id) => changesOne(statements.remove, [id, tenantId]),
    async touch(ids, now) {
      const parameters = ids.map((id) => [id, now]);
      await connection.write(statements.touch, parameters);
    },
    async unusedImages({ isAnonymous, before }, limit) {
      const found = await connection.list(statements.unusedImages, [isAnonymous ? 1 : 0, before, limit]);
      return found.map(([id, format]) => ({ id: id as string, format: format as ImageFormat }));
    },
    async imagesRemoved(ids, before) {
      const parameters = ids.map((id) => [id, before]);
      await connection.write(statements.imageRemoved, parameters);
    },
    async removeUnused({ isAnonymous, before }, limit) {
      const found = await connection.list(statements.unused, [isAnonymous ? 1 : 0, before, limit]);
      const parameters = found.map(([id]) => [id as string, before]);
      await connection.write(statements.removeUnused, parameters);
      return found.length;
    },
    hasLogo: async (logoId) => (await connection.list(statements.withLogo, [logoId])).length > 0,
    async walk({ after, limit }) {
      const found = await connection.list(statements.walk, [after ?? '', limit]);
      return found.map(([id, format, isStored]) => ({
        id: id as string,
        format: format as ImageFormat,
        isStored: isStored === 1,
      }));
    },
  };
}

export function sqliteLogos(connection: SqliteConnection): LogoStore {
  const statements = logoStatements;
  return {
    ...sqliteWorkStore(connection, logoCodec, statements, freshLogo),
    async list(tenantId, page) {
      if (page.status !== null && page.status !== 'completed') return [];
      const statement = page.order === 'newest-first' ? statements.newestFirst : statements.oldestFirst;
      const rows = await connection.list(statement, [tenantId, ...pageStart(page), page.limit]);
      return rows.map(logoCodec.decode);
    },
    async remove(tenantId, id, now) {
      return (await connection.write(statements.remove, [[id, tenantId, now]])).changes[0] === 1;
    },
    async deleted({ before, limit, after }) {
      const start = after === null ? beforeEverything : [after.deletedAt, after.id];
      const found = await connection.list(statements.deleted, [before, ...start, limit]);
      return found.map(([id, deletedAt]) => ({ id: id as string, deletedAt: deletedAt as number }));
    },
    async purge(id, before) {
      return (await connection.write(statements.purge, [[id, before]])).changes[0] === 1;
    },
    async walk({ after, limit }) {
      const found = await connection.list(statements.walk, [after ?? '', limit]);
      return found.map(([id, isStored]) => ({ id: id as string, isStored: isStored === 1 }));
    },
  };
}
