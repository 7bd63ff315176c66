import type { EmailContent } from './content.ts';

/** Percent-encodes both sides of the `@`: a bare `+` would be a space to readers that decode forms. */
function encodeAddress(address: string): string {
  const at = address.lastIndexOf('@');
  return `${encodeURIComponent(address.slice(0, at))}@${encodeURIComponent(address.slice(at + 1))}`;
}

function encodeList(addresses: string[]): string {
  return addresses.map(encodeAddress).join(',');
}

/** Encodes `mailto:` by RFC 6068: UTF-8 percent-encoded, line breaks of the body as %0D%0A (clause 5). */
export function encodeEmail(content: EmailContent): string {
  const fields: string[] = [];
  if (content.cc.length > 0) fields.push(`cc=${encodeList(content.cc)}`);
  if (content.bcc.length > 0) fields.push(`bcc=${encodeList(content.bcc)}`);
  if (content.subject !== null) fields.push(`subject=${encodeURIComponent(content.subject)}`);
  if (content.body !== null) {
    fields.push(`body=${encodeURIComponent(content.body.replace(/\r\n|\r|\n/g, '\r\n'))}`);
  }
  return `mailto:${encodeList(content.to)}${fields.length === 0 ? '' : `?${fields.join('&')}`}`;
}
