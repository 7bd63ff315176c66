import { z } from 'zod';
import type { WifiContent } from '../domain/content/content.ts';
import { acceptedPasswords } from '../domain/content/wifi-password.ts';
import { defaulted, exactLine, fields, oneOf, optional, trueOrFalse } from './field.ts';

const maxSsidBytes = 32;
const securities = ['WPA', 'WPA3', 'WEP', 'nopass'] as const satisfies readonly WifiContent['security'][];

const ssid = exactLine.refine((value) => Buffer.byteLength(value) <= maxSsidBytes, {
  error: `a network name of at most ${maxSsidBytes} bytes`,
  params: { code: 'too_long' },
});

/** Without a word on security, a password means WPA and none means an open network. */
function securityOf(given: WifiContent['security'] | null | undefined, password: unknown): WifiContent['security'] {
  return given ?? (password === null || password === undefined ? 'nopass' : 'WPA');
}

export const wifiContent = fields(
  {
    type: z.literal('wifi'),
    ssid,
    password: optional(exactLine),
    security: optional(oneOf(securities)),
    hidden: defaulted(trueOrFalse, false),
  },
  'an object of type wifi',
)
  .superRefine(
    ({ password, security: given }, context) => {
      const security = securityOf(given, password);
      const known = securities.includes(security) && (password === null || typeof password === 'string');
      if (!known) return;
      // A password that no network can have is warned of, not refused: readers read it, and who sends it may know more.
      if ((password === null) === (security === 'nopass')) return;
      const message = `${acceptedPasswords[security]} (security ${security})`;
      const code = password === null ? 'required' : 'not_allowed';
      context.addIssue({ code: 'custom', path: ['password'], message, params: { code } });
    },
    { when: () => true },
  )
  .transform((content): WifiContent => ({ ...content, security: securityOf(content.security, content.password) }));
