import { randomUUID } from 'node:crypto';
import { eventIdOf, maxMessageBytes, messageBody } from '../shared/contract/events.ts';
import { type ScanNotice, withGroup, withGroupTold } from '../shared/domain/scans/scan-notice.ts';
import type { WorkDeps } from './handlers.ts';
import type { Notice, Outbox } from './outbox.ts';

type ScanOutboxDeps = Pick<WorkDeps, 'now'> & { database: Pick<WorkDeps['database'], 'scanNotices'> };

/**
 * What codes have to tell of their scans. What has gathered becomes a group under an id of its own first, durably, so that a
 * crash tells the same group again.
 */
export function createScanOutbox({ database, now }: ScanOutboxDeps): Outbox {
  const { scanNotices } = database;

  /** Null: somebody else changed it meanwhile, and sees to it. */
  const grouped = async (notice: ScanNotice): Promise<ScanNotice | null> => {
    if (notice.group !== null) return notice;
    const next = withGroup(notice, `grp_${randomUUID()}`, now());
    return (await scanNotices.replace(next)) ? next : null;
  };

  /** Scans that came meanwhile belong to the next group. */
  const groupTold = async (notice: ScanNotice): Promise<void> => {
    let current: ScanNotice | null = notice;
    while (current?.group?.id === notice.group?.id && current !== null) {
      if (await scanNotices.replace(withGroupTold(current, now()))) return;
      current = await scanNotices.find(notice.codeId);
    }
  };

  return {
    name: 'scans',
    async read(limit) {
      const due = await scanNotices.due({ at: now(), limit });
      const notices = (await Promise.all(due.map(grouped))).filter((notice) => notice !== null);
      return {
        notices: notices.map(noticeOf),
        clear: async () => {
          await Promise.all(notices.map(groupTold));
        },
        hasMore: due.length === limit,
      };
    },
  };
}

function noticeOf({ codeId, tenantId, group }: ScanNotice): Notice {
  if (group === null) throw new Error(`The notice of ${codeId} has no group to tell`);
  const type = 'code.scanned';
  const { id, at, count } = group;
  const data = (scans: unknown[]) => ({ object: 'code_scans', codeId, scanCount: count, scans });
  let { scans } = group;
  const fits = (): boolean => Buffer.byteLength(JSON.stringify(data(scans))) < maxMessageBytes - 200;
  while (!fits()) scans = scans.slice(0, -1);
  const shown = data(scans);
  const eventId = eventIdOf(type, `${codeId} ${id}`, at);
  return {
    tenantId,
    type,
    eventId,
    resourceId: codeId,
    body: messageBody({ type, at, data: shown }, shown),
    callbacks: [],
    isForWebhooks: true,
  };
}
