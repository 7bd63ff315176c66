import type { UrlContent } from './content.ts';

/** Returns the URL as it was sent: normalising it could change what a server makes of it. */
export function encodeUrl(content: UrlContent): string {
  return content.url;
}
