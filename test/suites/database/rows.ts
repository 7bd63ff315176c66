import { randomBytes } from 'node:crypto';
import type { NewLogo, NewRender, RenderResult } from '../../../shared/adapters/database/database.ts';
import type { RenderSpec } from '../../../shared/domain/render-spec.ts';

/** A moment that tests count from, in milliseconds. */
export const noon = Date.UTC(2026, 10, 23, 12);

/** Text that no other test uses. */
export const unique = (prefix: string): string => `${prefix}_${randomBytes(12).toString('hex')}`;

export const spec: RenderSpec = {
  content: { type: 'wifi', ssid: 'Café "Zoë" 日本', password: null, security: 'WPA', hidden: true },
  format: 'png',
  size: 300,
  margin: 4,
  marginPx: null,
  errorCorrection: 'M',
  foreground: '#000000',
  background: 'transparent',
  logo: { id: 'logo_any', ratio: 0.2 },
};

export const renderResult: RenderResult = {
  version: 3,
  modules: 29,
  errorCorrection: 'H',
  mask: 2,
  sizeBytes: 512,
  sha256: 'ab'.repeat(32),
};

export const workError = { code: 'render_crashed', detail: 'It crashed its process three times', pointer: null };

export function newRender(row: Partial<NewRender> = {}): NewRender {
  return { id: unique('rnd'), tenantId: 'default', spec, rendererVersion: 1, jobId: unique('job'), ...row };
}

export function newLogo(row: Partial<NewLogo> = {}): NewLogo {
  const sha256 = 'cd'.repeat(32);
  return {
    id: unique('logo'),
    tenantId: 'default',
    contentType: 'image/png',
    sizeBytes: 9000,
    sha256,
    jobId: unique('job'),
    ...row,
  };
}
