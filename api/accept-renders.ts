import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { RenderRow } from '../shared/adapters/database/database.ts';
import type { Callback } from '../shared/contract/events.ts';
import type { RequestedSpec } from '../shared/contract/render-request.ts';
import { rendererVersion, renderId } from '../shared/domain/identity.ts';
import { planRender, type RenderPlan } from '../shared/domain/plan-render.ts';
import type { RenderSpec } from '../shared/domain/render-spec.ts';
import type { AppError } from '../shared/errors.ts';
import { type AcceptLogos, checkWaitMs } from './accept-logos.ts';
import type { ApiDeps } from './deps.ts';
import { EndedWaiters, hasEnded, type Waiter } from './ended-waiters.ts';
import { addCallbacks, createGroupedAccept } from './grouped-accept.ts';
import type { RenderRows } from './render-rows.ts';
import type { Release } from './usage-meter.ts';

/** A request that was checked: what would be drawn, and the id that follows from it. */
export type PreparedRender = {
  id: string;
  tenantId: string;
  plan: RenderPlan;
  /** Set when the logo was deleted: what was made with it stays, nothing new is made. */
  refusal: AppError | null;
};

export type AcceptRenders = ReturnType<typeof createAcceptRenders>;

type Needs = { deps: ApiDeps; rows: RenderRows; acceptLogos: AcceptLogos };

/** A render's way in: check, canonicalise, id; rows first, then a job of their ids; wait for the end. */
export function createAcceptRenders({ deps, rows, acceptLogos }: Needs) {
  const { config, database, queues, meter, now } = deps;
  const waiters = new EndedWaiters<RenderRow>({ ...deps, findMany: (ids) => database.renders.findMany(ids) });
  const acceptInGroup = createGroupedAccept(deps);

  /**
   * Checks the request and plans its drawing; an inline logo becomes a logo first.
   *
   * @param waitMs how long the check of a logo that is new may take, at most
   */
  const prepare = async (
    tenantId: string,
    requested: RequestedSpec,
    response: ServerResponse,
    waitMs = checkWaitMs,
  ): Promise<PreparedRender> => {
    const { logo: requestedLogo, ...rest } = requested;
    if (requestedLogo === null) return prepared(tenantId, planRender({ logo: null, ...rest }, null), null);
    const logo = await acceptLogos.resolve(tenantId, requestedLogo, { response, waitMs });
    const spec: RenderSpec = { logo: { id: logo.id, ratio: requestedLogo.ratio }, ...rest };
    return prepared(tenantId, planRender(spec, logo.facts), logo.refusal);
  };

  const prepared = (tenantId: string, plan: RenderPlan, refusal: AppError | null): PreparedRender => ({
    id: renderId(config.secretKey, tenantId, plan.spec),
    tenantId,
    plan,
    refusal,
  });

  /** Puts the render to work unless it is done or under way; durable when it returns. */
  const accept = async (
    { id, tenantId, plan, refusal }: PreparedRender,
    callback: Callback | null,
    requestId: string | null,
  ): Promise<RenderRow> => {
    const spec = plan.spec;
    if (refusal) throw refusal;
    let release: Release;
    try {
      queues.assertAcceptsWork();
      release = await meter.reserve(tenantId, 'renders');
    } catch (away) {
      // What is there already, done or under way, needs no queue and no quota.
      const row = await database.renders.find(id);
      if (row && (row.status === 'completed' || !hasEnded(row))) {
        await addCallbacks(deps, callback === null ? [] : [{ id, callback }]);
        return row;
      }
      throw away;
    }
    try {
      const { row, started } = await acceptInGroup({ id, tenantId, spec, rendererVersion, callback, requestId });
      if (started) meter.count(tenantId, 'renders');
      return row;
    } finally {
      release();
    }
  };

  /** The row as it stands at its end, or when the time is up or nobody listens any more. */
  const follow = async (
    row: RenderRow,
    waiter: Waiter<RenderRow>,
    waitMs: number,
    response: ServerResponse,
  ): Promise<RenderRow> => {
    let last = row;
    if (!hasEnded(row) && waitMs > 0) {
      const end = await waiter.ended(row, waitMs, response);
      last = end ?? (response.closed ? row : ((await database.renders.find(row.id)) ?? row));
    }
    rows.remember(last);
    if (row.status === 'completed') rows.use(row);
    return last;
  };

  return {
    prepare,
    waiters,

    /** Plans what was accepted before for today's renderer; its logo may have been deleted since. */
    async prepareAgain(tenantId: string, spec: RenderSpec, response: ServerResponse): Promise<PreparedRender> {
      return { ...(await prepare(tenantId, spec, response)), refusal: null };
    },

    /** Accepts the render and waits for its end at most `waitMs`; answers the row as it stands then. */
    async acceptAndWait(
      render: PreparedRender,
      waitMs: number,
      response: ServerResponse,
      callback: Callback | null = null,
    ): Promise<RenderRow> {
      const known = callback === null ? rows.recall(render.id) : null;
      if (known && (await rows.keep(known))) return known;
      const waiter = waiters.open(render.id);
      try {
        const requestId = requestIdOf(response);
        let row = await accept(render, callback, requestId);
        // The purge took a row that nobody had used for long, just now: then it is a new one.
        if (row.status === 'completed' && !(await rows.keep(row))) row = await accept(render, callback, requestId);
        return await follow(row, waiter, waitMs, response);
      } finally {
        waiter.close();
      }
    },

    /** Waits for the end of a row that is there already. */
    async wait(row: RenderRow, waitMs: number, response: ServerResponse): Promise<RenderRow> {
      if (hasEnded(row) || waitMs <= 0) return row;
      const waiter = waiters.open(row.id);
      try {
        // It may have ended between the reading of `row` and the opening of the waiter.
        const fresh = (await database.renders.find(row.id)) ?? row;
        return await follow(fresh, waiter, waitMs, response);
      } finally {
        waiter.close();
      }
    },

    /** Draws a completed render again because its bytes are gone, and waits for it at most `waitMs`. */
    async redraw(row: RenderRow, waitMs: number, response: ServerResponse): Promise<RenderRow> {
      queues.assertAcceptsWork();
      rows.forget(row.id);
      const waiter = waiters.open(row.id);
      try {
        const jobId = `r-${randomUUID()}`;
        if (await database.renders.reopen(row.id, jobId, now()))
          await queues.add([{ name: 'render-codes', payload: { renderIds: [row.id] }, jobId }]);
        const fresh = (await database.renders.find(row.id)) ?? row;
        return await follow(fresh, waiter, waitMs, response);
      } finally {
        waiter.close();
      }
    },
  };
}

/** Every answer has it, from its first moment on. */
function requestIdOf(response: ServerResponse): string | null {
  const id = response.getHeader('Request-Id');
  return typeof id === 'string' ? id : null;
}
