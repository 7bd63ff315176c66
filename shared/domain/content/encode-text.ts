import type { TextContent } from './content.ts';

/** Returns the text itself; the symbol carries its UTF-8 byte for byte. */
export function encodeText(content: TextContent): string {
  return content.text;
}
