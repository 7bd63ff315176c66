import type { ImageFormat } from './render-spec.ts';

/** Returns the object key of a render's image. Equal specs share a key, so a retry overwrites the same bytes. */
export function imageKey(renderId: string, format: ImageFormat): string {
  return `renders/${renderId}.${format}`;
}

/** Returns the id of the render whose image lies under `key`, null for other keys. */
export function renderOfKey(key: string): string | null {
  return /^renders\/(rnd_[\w-]+)\.(?:png|svg)$/.exec(key)?.[1] ?? null;
}

/** Returns the id of the logo that lies under `key`, null for other keys. */
export function logoOfKey(key: string): string | null {
  return /^logos\/(logo_[\w-]+)$/.exec(key)?.[1] ?? null;
}

/** Returns the object key of an uploaded logo. */
export function logoKey(logoId: string): string {
  return `logos/${logoId}`;
}
