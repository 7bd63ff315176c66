/** Someone whose scans are recorded; address and user agent are real, the place is where the DB-IP files have the address. */
export type Visitor = {
  address: string;
  userAgent: string;
  /** As their browser says it in Accept-Language. */
  language: string | null;
  referrer: string | null;
};

/** Ten user agents in nine countries: people at phones, tablets and desks, a crawler and a link preview. */
export const visitors = {
  /** Berlin. */
  iphone: {
    address: '130.149.7.201',
    userAgent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
    language: 'de-DE,de;q=0.9',
    referrer: null,
  },
  /** Stanford. */
  pixel: {
    address: '171.64.1.1',
    userAgent:
      'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.6778.39 Mobile Safari/537.36',
    language: 'en-US,en;q=0.9',
    referrer: null,
  },
  /** Paris. */
  ipad: {
    address: '134.157.1.1',
    userAgent:
      'Mozilla/5.0 (iPad; CPU OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1',
    language: 'fr-FR,fr;q=0.9',
    referrer: null,
  },
  /** Sydney. */
  samsung: {
    address: '128.250.1.1',
    userAgent:
      'Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36',
    language: 'en-AU',
    referrer: null,
  },
  /** Oxford. */
  windows: {
    address: '129.67.242.154',
    userAgent:
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.51',
    language: 'en-GB,en;q=0.5',
    referrer: 'https://news.example/today?mail=me',
  },
  /** Chiyoda, Tokyo. */
  mac: {
    address: '130.69.0.1',
    userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0',
    language: 'ja,en-US;q=0.7',
    referrer: 'https://news.example/',
  },
  /** Kaiserslautern, by IPv6. */
  chromebook: {
    address: '2001:638:208:1::1',
    userAgent:
      'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
    language: 'de',
    referrer: null,
  },
  /** São Paulo, within an app. */
  instagram: {
    address: '143.107.1.1',
    userAgent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21F90 Instagram 337.0.3.24.96 (iPhone14,5; iOS 17_5_1; pt_BR; pt; scale=3.00; 1170x2532; 614064327)',
    language: 'pt-BR,pt;q=0.9',
    referrer: 'https://l.instagram.com/',
  },
  /** Mountain View; what it says it comes from would be a formula in a spreadsheet. */
  googlebot: {
    address: '66.249.66.1',
    userAgent:
      'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.6723.117 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    language: null,
    referrer: 'https://-sum.example/',
  },
  /** Vienna. */
  whatsapp: { address: '131.130.1.1', userAgent: 'WhatsApp/2.23.20.0', language: null, referrer: null },
} satisfies Record<string, Visitor>;

export type Visited = { status: number; location: string | null; type: string | null; text: string };

/** Opens a path as a visitor does behind a proxy on this machine, and follows nothing. */
export async function visit(
  baseUrl: string,
  path: string,
  visitor: Visitor,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Visited> {
  const { address, userAgent, language, referrer } = visitor;
  const sent: Record<string, string> = { 'x-forwarded-for': address, 'user-agent': userAgent, ...headers };
  if (language !== null) sent['accept-language'] = language;
  if (referrer !== null) sent.referer = referrer;
  const answer = await fetch(`${baseUrl}${path}`, { method, headers: sent, redirect: 'manual' });
  const type = answer.headers.get('content-type');
  return { status: answer.status, location: answer.headers.get('location'), type, text: await answer.text() };
}
