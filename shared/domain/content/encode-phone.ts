import type { PhoneContent } from './content.ts';

/**
 * Encodes `tel:` (RFC 3966), `#` percent-encoded. A number without `+` gets no `phone-context`, although clause 5.1.4
 * wants one: phones dial it as it stands, and many would dial the context too.
 */
export function encodePhone(content: PhoneContent): string {
  return `tel:${content.number.replaceAll('#', '%23')}`;
}
