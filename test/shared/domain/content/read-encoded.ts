/*
 * Readers of what the encoders write, made from the standards and not from the encoders: what they return is what a phone
 * would understand.
 */

/** Splits at an unescaped separator; the parts keep their escapes. */
function splitUnescaped(text: string, separator: string): string[] {
  const parts = [''];
  for (let index = 0; index < text.length; index++) {
    const character = text[index] as string;
    if (character === separator) parts.push('');
    else parts[parts.length - 1] += character === '\\' ? character + (text[++index] ?? '') : character;
  }
  return parts;
}

/** `WIFI:T:…;S:…;;` by zxing's grammar: a backslash takes the next character as it is. */
export function readWifi(text: string): Record<string, string> {
  if (!text.startsWith('WIFI:') || !text.endsWith(';;')) throw new Error(`no WIFI: ${text}`);
  const fields = splitUnescaped(text.slice(5, -2), ';').map((field): [string, string] => {
    const colon = field.indexOf(':');
    return [field.slice(0, colon), field.slice(colon + 1).replace(/\\(.)/gu, '$1')];
  });
  return Object.fromEntries(fields);
}

export type Property = { name: string; parameters: string[]; raw: string };

/** Content lines of RFC 2425 and RFC 5545: CRLF, unfolded, name and parameters before the first colon. */
export function readProperties(text: string): Property[] {
  if (!text.endsWith('\r\n')) throw new Error('the last line does not end');
  const lines = text.slice(0, -2).split('\r\n');
  for (const line of lines) if (/[\r\n]/.test(line)) throw new Error(`a bare line break in ${JSON.stringify(line)}`);
  const unfolded = text
    .slice(0, -2)
    .replaceAll(/\r\n[ \t]/g, '')
    .split('\r\n');
  return unfolded.map((line) => {
    const colon = line.indexOf(':');
    const [name = '', ...parameters] = line.slice(0, colon).split(';');
    return { name, parameters, raw: line.slice(colon + 1) };
  });
}

/** A text value (RFC 2426, clause 4; RFC 5545, clause 3.3.11). */
export function readTextValue(raw: string): string {
  return raw.replaceAll(/\\([\s\S])/g, (_, escaped: string) => (escaped === 'n' || escaped === 'N' ? '\n' : escaped));
}

/** A value of several parts, each of them text. */
export function readStructuredValue(raw: string): string[] {
  return splitUnescaped(raw, ';').map(readTextValue);
}

export type Mail = { to: string[]; fields: Record<string, string> };

/** `mailto:` by RFC 6068, as a reader that decodes `+` as a space too, which it may not. */
export function readMailto(text: string): Mail {
  const [head = '', query] = text.split('?') as [string, string | undefined];
  if (!head.startsWith('mailto:') || /[^\w\-.!~*'()%:@,?&=$;]/.test(text)) throw new Error(`no mailto: ${text}`);
  const decode = (part: string): string => decodeURIComponent(part.replaceAll('+', ' '));
  const fields = (query ?? '').split('&').filter((field) => field !== '');
  return {
    to: head.slice(7).split(',').map(decode),
    fields: Object.fromEntries(fields.map((field) => field.split('=').map(decode) as [string, string])),
  };
}

/** `SMSTO:number:message`: everything after the second colon is the message. */
export function readSms(text: string): { number: string; message: string | null } {
  const [, number = '', message] = /^SMSTO:([^:]*)(?::([\s\S]*))?$/.exec(text) ?? [];
  return { number, message: message ?? null };
}

/** `geo:` by RFC 5870, and `q=lat,lon(label)`. */
export function readGeo(text: string): { latitude: number; longitude: number; label: string | null } {
  const number = '-?\\d+(?:\\.\\d+)?';
  const form = new RegExp(`^geo:(${number}),(${number})(?:\\?q=\\1,\\2\\(([^()]*)\\))?$`);
  const [, latitude, longitude, label] = form.exec(text) ?? [];
  return {
    latitude: Number(latitude),
    longitude: Number(longitude),
    label: label === undefined ? null : decodeURIComponent(label),
  };
}
