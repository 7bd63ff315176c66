import type { SmsContent } from './content.ts';

/** Encodes `SMSTO:number:message`; the message is everything after the second colon, so nothing in it is escaped. */
export function encodeSms(content: SmsContent): string {
  return content.message === null ? `SMSTO:${content.number}` : `SMSTO:${content.number}:${content.message}`;
}
