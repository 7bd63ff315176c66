import { describe, expect, it } from 'vitest';
import { codeStatus } from '../../../shared/domain/code-status.ts';

const code = { paused: false, archivedAt: null, expiresAt: null };

describe('codeStatus', () => {
  it('is active when nothing stands against it', () => {
    expect(codeStatus(code, 1000)).toBe('active');
  });

  it('is expired from the very millisecond on', () => {
    expect(codeStatus({ ...code, expiresAt: 1000 }, 999)).toBe('active');
    expect(codeStatus({ ...code, expiresAt: 1000 }, 1000)).toBe('expired');
  });

  it('tells archived before expired before paused', () => {
    expect(codeStatus({ paused: true, archivedAt: 1, expiresAt: 1 }, 1000)).toBe('archived');
    expect(codeStatus({ paused: true, archivedAt: null, expiresAt: 1 }, 1000)).toBe('expired');
    expect(codeStatus({ ...code, paused: true }, 1000)).toBe('paused');
  });
});
