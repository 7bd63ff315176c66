import type { WifiContent } from './content.ts';

/**
 * WPA3 is written as WPA too: the Wi-Fi Alliance's WPA3 specification has one name for every network with a password, and
 * it is the one that all readers know. `T:SAE` is Android's own; zxing's readers refuse it.
 */
const securityNames = { WPA: 'WPA', WPA3: 'WPA', WEP: 'WEP', nopass: 'nopass' } as const satisfies Record<
  WifiContent['security'],
  string
>;

function escapeWifiValue(value: string): string {
  return value.replace(/[\\;,:"]/g, '\\$&');
}

/**
 * Encodes `WIFI:T:…;S:…;P:…;H:true;;` with `\ ; , : "` escaped.
 *
 * A network name that reads as hexadecimal is not put in quotes, as zxing's wiki has it: iOS and Android would take
 * the quotes for a part of the name.
 */
export function encodeWifi(content: WifiContent): string {
  const password = content.password === null ? '' : `P:${escapeWifiValue(content.password)};`;
  const hidden = content.hidden ? 'H:true;' : '';
  return `WIFI:T:${securityNames[content.security]};S:${escapeWifiValue(content.ssid)};${password}${hidden};`;
}
