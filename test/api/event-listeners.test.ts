import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { EventListeners } from '../../api/event-listeners.ts';

const response = () => new EventEmitter() as unknown as ServerResponse;

describe('Listeners to events', () => {
  it('are so many of a tenant, and ten times as many of all, until they leave', () => {
    const listeners = new EventListeners(2);
    const tooMany = expect.objectContaining({ kind: 'too-many', code: 'too_many_listeners' });
    const first = response();
    listeners.add('tenant 0', first);
    listeners.add('tenant 0', response());
    expect(() => listeners.add('tenant 0', response())).toThrow(tooMany);
    for (let tenant = 1; tenant < 10; tenant++)
      for (let each = 0; each < 2; each++) listeners.add(`tenant ${tenant}`, response());
    const full = expect.objectContaining({ kind: 'unavailable', code: 'listeners_full' });
    expect(() => listeners.add('another', response())).toThrow(full);
    first.emit('close');
    listeners.add('another', response());
    expect(() => listeners.add('tenant 0', response())).toThrow(full);
  });
});
