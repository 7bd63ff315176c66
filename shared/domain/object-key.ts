import type { ImageFormat } from './render-spec.ts';

/** Returns the object key of a render's image. Equal specs share a key, so a retry overwrites the same bytes. */
export function imageKey(renderId: string, format: ImageFormat): string {
  return `renders/${renderId}.${format}`;
}

/** Returns the object key of an uploaded logo. */
export function logoKey(logoId: string): string {
  return `logos/${logoId}`;
}
