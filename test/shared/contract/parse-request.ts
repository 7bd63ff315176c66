import { readRenderRequest } from '../../../shared/contract/render-request.ts';
import { inBody } from '../../../shared/contract/zod-problems.ts';

export const limits = { logoBytes: 3001 };
export const content = { type: 'url', url: 'https://example.com' };
export const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100)]);
export const dataUri = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`;

export function parse(body: unknown) {
  return readRenderRequest(body, limits, inBody, []);
}

/** Parses a JSON text, as a body comes. */
export function parseJson(json: string) {
  return parse(JSON.parse(json));
}
