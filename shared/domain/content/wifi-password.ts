import type { WifiContent } from './content.ts';

const wepLengths = { text: [5, 13, 16, 29], hexadecimal: [10, 26, 32, 58] };

function isHexadecimal(text: string): boolean {
  return /^[0-9a-f]*$/i.test(text);
}

/** What a password of each kind of network is, in words. */
export const acceptedPasswords = {
  WPA: '8 to 63 bytes of text, or 64 hexadecimal digits',
  WPA3: '8 to 63 bytes of text, or 64 hexadecimal digits',
  WEP: '5, 13, 16 or 29 characters, or 10, 26, 32 or 58 hexadecimal digits',
  nopass: 'absent: an open network has none',
} as const satisfies Record<WifiContent['security'], string>;

/** Whether the password is one that a network of this kind can have (IEEE 802.11, annex J.4 for WPA). */
export function isWifiPassword(password: string, security: WifiContent['security']): boolean {
  const bytes = Buffer.byteLength(password);
  if (security === 'nopass') return false;
  if (security === 'WEP') {
    return wepLengths.text.includes(bytes) || (wepLengths.hexadecimal.includes(bytes) && isHexadecimal(password));
  }
  return (bytes >= 8 && bytes <= 63) || (bytes === 64 && isHexadecimal(password));
}
