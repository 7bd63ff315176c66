import { describe, expect, it } from 'vitest';
import { deliveryAnswer } from '../../api/webhook-view.ts';
import type { DeliveryRow } from '../../shared/adapters/database/webhook-store.ts';
import { messageBody } from '../../shared/contract/events.ts';

const rest = { attempts: [], createdAt: 0, nextAttemptAt: null, completedAt: null };
const resourceOf = (body: string) => deliveryAnswer({ ...rest, body } as unknown as DeliveryRow).resourceId;

describe('A delivery', () => {
  it.each([
    { object: 'render', id: 'rnd_1', status: 'completed' },
    { object: 'code_scans', codeId: 'cod_1', scans: [{ object: 'scan', id: 'scn_1' }] },
  ])('from before it kept what it is about tells it by its message: $object', (data) => {
    const body = messageBody({ type: 'code.scanned', at: 1_800_000_000_000, data }, data);
    expect(resourceOf(body)).toBe(data.id ?? data.codeId);
  });

  it.each([
    [{ object: 'webhook', name: '","id":"no"', id: 'whk_1' }, 'whk_1'],
    [{ object: 'webhook' }, null],
  ])('reads a message of another shape', (data, id) => {
    expect(resourceOf(JSON.stringify({ type: 'webhook.test', data }))).toBe(id);
  });
});
