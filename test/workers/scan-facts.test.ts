import { describe, expect, it } from 'vitest';
import type { ScanEvent } from '../../shared/contract/scan-event.ts';
import { createScanFacts } from '../../workers/scan-facts.ts';

const event: ScanEvent = {
  id: 'scn_0123456789',
  tenantId: 't',
  codeId: 'cod_1',
  at: 1,
  version: 2,
  fallbackTarget: null,
  source: 'qr',
  country: 'DE',
  city: 'Berlin',
  visitor: 'v',
  userAgent: null,
  referrer: 'example.com',
  language: 'de',
  prefetch: false,
};

const webkit = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';
const blink = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)';
const iPhone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)';

const people: [string, string | null, string | null, string][] = [
  ['mobile', 'iOS', 'Safari', `${iPhone} ${webkit} Version/17.5 Mobile/15E148 Safari/604.1`],
  ['mobile', 'iOS', 'Chrome', `${iPhone} ${webkit} CriOS/130.0.6723.90 Mobile/15E148 Safari/604.1`],
  ['mobile', 'iOS', 'Firefox', `${iPhone} ${webkit} FxiOS/132.0 Mobile/15E148 Safari/605.1.15`],
  ['mobile', 'iOS', 'Google Search', `${iPhone} ${webkit} GSA/300.0 Mobile/15E148 Safari/604.1`],
  ['mobile', 'iOS', 'Safari', `${iPhone} ${webkit} Mobile/15E148 Instagram 331.0.0.33.91 (iPhone14,5; iOS 17_5_1)`],
  ['mobile', 'iOS', 'Safari', `${iPhone} ${webkit} Mobile/21E219 [FBAN/FBIOS;FBAV/460.0.0.31.103;FBDV/iPhone15,2]`],
  ['mobile', 'iOS', 'Safari', `${iPhone} ${webkit} Mobile/15E148 Snapchat/12.60.0.43 (like Safari/8616.1.27, panda)`],
  [
    'tablet',
    'iOS',
    'Safari',
    `Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) ${webkit} Version/17.6 Mobile/15E148 Safari/604.1`,
  ],
  [
    'mobile',
    'Android',
    'Chrome',
    `Mozilla/5.0 (Linux; Android 14; Pixel 8) ${blink} Chrome/130.0.0.0 Mobile Safari/537.36`,
  ],
  [
    'mobile',
    'Android',
    'Samsung Internet for Android',
    `Mozilla/5.0 (Linux; Android 14; SM-S928B) ${blink} SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36`,
  ],
  ['mobile', 'Android', 'Firefox', 'Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0'],
  [
    'mobile',
    'Android',
    'WeChat',
    `Mozilla/5.0 (Linux; Android 13; wv) ${blink} Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.42`,
  ],
  [
    'mobile',
    'Android',
    'Chrome',
    `Mozilla/5.0 (Linux; Android 12; CPH2269) ${blink} Version/4.0 Chrome/111.0.5563.116 Mobile Safari/537.36 Line/13.4.0/IAB`,
  ],
  [
    'mobile',
    'Android',
    'Chrome',
    `Mozilla/5.0 (Linux; Android 10; K) ${blink} Chrome/130.0.0.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/442.0.0.44.114;]`,
  ],
  ['tablet', 'Android', 'Chrome', `Mozilla/5.0 (Linux; Android 13; SM-X700) ${blink} Chrome/129.0.0.0 Safari/537.36`],
  ['desktop', 'Windows', 'Chrome', `${windows} ${blink} Chrome/131.0.0.0 Safari/537.36`],
  ['desktop', 'Windows', 'Microsoft Edge', `${windows} ${blink} Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0`],
  ['desktop', 'Windows', 'Opera', `${windows} ${blink} Chrome/129.0.0.0 Safari/537.36 OPR/114.0.0.0`],
  ['desktop', 'Windows', 'Firefox', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0'],
  [
    'desktop',
    'macOS',
    'Safari',
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webkit} Version/18.1 Safari/605.1.15`,
  ],
  ['desktop', 'Linux', 'Chrome', `Mozilla/5.0 (X11; Linux x86_64) ${blink} Chrome/130.0.0.0 Safari/537.36`],
  [
    'desktop',
    'Chrome OS',
    'Chrome',
    `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${blink} Chrome/130.0.0.0 Safari/537.36`,
  ],
  ['mobile', 'iOS', null, 'QR Scanner/3.1 (iPhone; iOS 17.0)'],
  ['other', null, null, 'Anything At All/1.0 <script>'],
];

const bots = [
  'WhatsApp/2.23.20.0 A',
  'WhatsApp/2.2413.54 i',
  'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0', // iMessage
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  'Slack-ImgProxy (+https://api.slack.com/robots)',
  'Twitterbot/1.0',
  'TelegramBot (like TwitterBot)',
  'Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)',
  'LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)',
  'Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com',
  'Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)',
  'Viber/13.3.0.6 CFNetwork/1121.2.2 Darwin/19.3.0',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  `Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) ${blink} Chrome/130.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)`,
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  `Mozilla/5.0 (X11; Linux x86_64) ${blink} HeadlessChrome/130.0.0.0 Safari/537.36`,
  'curl/8.5.0',
  'python-requests/2.31.0',
];

describe('what a worker finds out about a scan', () => {
  const rowOf = createScanFacts();

  it.each(people)('knows a person: %s, %s, %s, by %s', (device, system, browser, userAgent) => {
    for (const _ of ['first', 'remembered'])
      expect(rowOf({ ...event, userAgent })).toMatchObject({ device, system, browser, bot: false });
  });

  it.each(bots)('knows a bot: %s', (userAgent) => {
    expect(rowOf({ ...event, userAgent }).bot).toBe(true);
  });

  it('counts a prefetch as a bot, whatever browser makes it', () => {
    const [, , , userAgent] = people[0] as (typeof people)[number];
    expect(rowOf({ ...event, userAgent, prefetch: true })).toMatchObject({ bot: true, browser: 'Safari' });
    expect(rowOf({ ...event, userAgent })).toMatchObject({ bot: false });
  });

  it('keeps what the redirect knew, and not the user agent', () => {
    const { userAgent: _, prefetch: __, ...kept } = event;
    const unknown = { device: null, system: null, browser: null, bot: false };
    for (const userAgent of [null, '', ' ']) expect(rowOf({ ...event, userAgent })).toEqual({ ...kept, ...unknown });
  });
});
