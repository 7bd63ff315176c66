import { createHmac } from 'node:crypto';
import type { RenderSpec } from './render-spec.ts';

/** Raised whenever the same spec would give other bytes: it is part of every render's id. */
export const rendererVersion = 3;

/** JSON with the keys of every object sorted, so that equal values are equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  let members = '';
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

/** 160 bits of a keyed hash in base64url: cannot be guessed without the key, same input same text. */
export function keyedId(prefix: string, key: string, ...parts: string[]): string {
  return `${prefix}_${keyedBytes(key, ...parts)
    .subarray(0, 20)
    .toString('base64url')}`;
}

/** 32 bytes that nobody can tell without the key: same parts, same bytes. */
export function keyedBytes(key: string, ...parts: string[]): Buffer {
  const framed = parts.map((part) => `${part.length}:${part}`).join('');
  return createHmac('sha256', key).update(framed).digest();
}

/** Returns the render's id: it follows from tenant, renderer version and canonical spec. */
export function renderId(key: string, tenantId: string, spec: RenderSpec, version = rendererVersion): string {
  return keyedId('rnd', key, 'render', tenantId, String(version), canonicalJson(spec));
}

/** Returns the logo's id: it follows from tenant and bytes. */
export function logoId(key: string, tenantId: string, sha256: string): string {
  return keyedId('logo', key, 'logo', tenantId, sha256);
}

/** Returns a delivery's id: it follows from the event and the endpoint that is told, so that one event is told under one id. */
export function deliveryId(key: string, eventId: string, webhookId: string): string {
  return keyedId('msg', key, 'delivery', eventId, webhookId);
}

/**
 * Returns the id of a code whose POST came with an Idempotency-Key: it follows from that and from what was asked for, so that
 * a retry finds the code even when nobody knows any more what became of the first request.
 */
export function codeId(key: string, tenantId: string, idempotencyKey: string, requested: unknown): string {
  return keyedId('cod', key, 'code', tenantId, idempotencyKey, canonicalJson(requested));
}
