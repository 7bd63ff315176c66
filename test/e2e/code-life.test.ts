import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/client.ts';
import { decodeWithZbar, decodeWithZxing, hasZbar } from '../support/decode.ts';
import { type Deployment, prepareDeployment } from '../support/deployment.ts';
import type { OurProcess } from '../support/our-process.ts';
import { expectNothingToMend, openLedger, untilCounted } from '../support/scans.ts';
import { uniquePrefix } from '../support/servers.ts';
import { describeOnStores } from '../support/store-columns.ts';
import { placesOf, tracesOf } from '../support/traces.ts';
import { type Visited, type Visitor, visit, visitors } from '../support/visitors.ts';

const spring = 'https://shop.example/spring?from=print';
const summer = 'https://shop.example/summer';
const closed = 'https://shop.example/closed';
const expiresInMs = 20_000;

type Code = { id: string; slug: string; shortUrl: string; encodedText: string; [field: string]: unknown };
type Answer = { status: number; headers: Headers; text: string; json: Record<string, unknown> };

const { iphone, pixel, ipad, samsung, windows, mac, chromebook, instagram, googlebot, whatsapp } = visitors;

/** Waits for the next UTC day when this one is nearly over: a visitor of both would count twice. */
async function roomInTheDay(): Promise<void> {
  const day = (): number => Math.floor((Date.now() + 4 * 60_000) / 86_400_000);
  const tomorrow = day();
  if (Math.floor(Date.now() / 86_400_000) === tomorrow) return;
  await eventually('a new day', async () => Math.floor(Date.now() / 86_400_000) === tomorrow, 5 * 60_000);
}

describeOnStores('The life of a dynamic code', (stores) => {
  describe('as its owner and ten visitors see it', () => {
    let deployment: Deployment;
    let baseUrl: string;
    const processes: OurProcess[] = [];
    const slug = `Spring-${uniquePrefix()}`;
    let menu: Code;
    let poster: Code;
    let ticket: Code;

    const send = async (method: string, path: string, body?: unknown, more: object = {}): Promise<Answer> => {
      const headers = {
        authorization: `Bearer ${deployment.apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...more,
      };
      const answer = await fetch(`${baseUrl}${path}`, { method, headers, body: JSON.stringify(body) });
      const text = await answer.text();
      const isJson = /[/+]json$/.test(answer.headers.get('content-type')?.split(';')[0] ?? '');
      return { status: answer.status, headers: answer.headers, text, json: isJson ? JSON.parse(text) : {} };
    };
    const made = async (body: object): Promise<Code> => {
      const { status, json, text } = await send('POST', '/v1/codes', body);
      if (status !== 201) throw new Error(`POST /v1/codes: ${status} ${text}`);
      return json as Code;
    };
    const changed = async (change: object): Promise<void> => {
      const { status, json } = await send('PATCH', `/v1/codes/${menu.id}`, change);
      expect([status, json]).toEqual([200, expect.objectContaining(change)]);
    };
    const fromSymbol = (visitor: Visitor, more = {}, code = menu): Promise<Visited> =>
      visit(baseUrl, `/${code.slug.toUpperCase()}`, visitor, more);
    const fromLink = (visitor: Visitor, more = {}, code = menu): Promise<Visited> =>
      visit(baseUrl, `/${code.slug}`, visitor, more);
    const found = async (path: string): Promise<unknown[]> => {
      const { json } = await send('GET', path);
      return (json.data as Code[]).map(({ id }) => id);
    };
    const analytics = async (query: string): Promise<Record<string, unknown>> => {
      const { status, json, text } = await send('GET', query);
      if (status !== 200) throw new Error(text);
      return json;
    };

    beforeAll(async () => {
      await roomInTheDay();
      const env = { TRUSTED_PROXIES: '127.0.0.1/32', SHORT_URL: 'https://q.example.com', LOG_LEVEL: 'trace' };
      deployment = await prepareDeployment({ stores: stores(), env });
      processes.push(await deployment.startApi());
      ({ baseUrl } = deployment.client);
    }, 10 * 60_000);
    afterAll(() => deployment?.destroy());

    it('begins with a slug of its own, or a random one, and a short URL that no request has a say in', async () => {
      menu = await made({ target: spring, slug, title: 'Spring menu', tags: ['menu'] });
      poster = await made({ target: summer, tags: ['menu', 'poster'], externalId: 'poster-1' });
      const expiresAt = new Date(Date.now() + expiresInMs).toISOString();
      ticket = await made({ target: spring, expiresAt });
      expect(menu).toMatchObject({ slug: slug.toLowerCase(), status: 'active', version: 1, scanCount: 0 });
      expect(menu.shortUrl).toBe(`https://q.example.com/${slug.toLowerCase()}`);
      expect(menu.encodedText).toBe(`HTTPS://Q.EXAMPLE.COM/${slug.toUpperCase()}`);
      expect(poster.slug).toMatch(/^[2-9a-hjkmnp-z]{8}$/);
      expect(ticket).toMatchObject({ status: 'active', expiresAt });
      const again = await send('POST', '/v1/codes', { target: spring, slug: slug.toUpperCase() });
      expect([again.status, again.json.code]).toEqual([409, 'slug_taken']);
    });

    it('leads each of ten visitors to its target, by its symbol or by its link', async () => {
      for (const visitor of [iphone, pixel, ipad, samsung])
        expect(await fromSymbol(visitor)).toMatchObject({ status: 302, location: spring });
      for (const visitor of [windows, mac, chromebook, instagram, googlebot, whatsapp])
        expect(await fromLink(visitor)).toMatchObject({ status: 302, location: spring });
      await fromSymbol(pixel, { headers: { 'sec-purpose': 'prefetch;prerender' } });
      await fromLink(iphone);
      expect(await fromLink(windows, { method: 'HEAD' })).toMatchObject({ status: 302, location: spring });
      await fromSymbol(iphone, {}, poster);
      await fromLink(mac, {}, poster);
      expect(await fromSymbol(mac, {}, ticket)).toMatchObject({ status: 302, location: spring });
    });

    it('has written no address down where scans wait for workers', async () => {
      const journalled = await eventually('a segment and its job', async () => {
        const traces = await tracesOf(deployment, processes);
        const places = placesOf(traces, 'Pixel 9');
        return places.some((place) => place.endsWith('.scans')) && places.length > 1 && traces;
      });
      for (const { address } of Object.values(visitors)) expect(placesOf(journalled, address)).toEqual([]);
      processes.push(await deployment.startWorkers());
    });

    describe('has an image', () => {
      const images = async (): Promise<Buffer[]> =>
        Promise.all(
          ['', '?format=svg&size=500', '?foreground=%23003366&errorCorrection=H'].map(async (query) => {
            const answer = await deployment.client.get(`/v1/codes/${menu.id}/image${query}`);
            expect(answer.status).toBe(200);
            return Buffer.from(await answer.arrayBuffer());
          }),
        );

      it('that zxing reads as the short URL in upper case', async () => {
        for (const image of await images()) expect((await decodeWithZxing(image))?.text).toBe(menu.encodedText);
      });

      it.skipIf(!hasZbar)('that zbar reads alike (where zbar is installed)', async () => {
        for (const text of await decodeWithZbar(await images())) expect(text).toBe(menu.encodedText);
      });
    });

    it('leads elsewhere from the moment its target is changed, and back from the moment it is rolled back', async () => {
      await changed({ target: summer });
      expect((await fromSymbol(ipad)).location).toBe(summer);
      expect((await fromLink(mac)).location).toBe(summer);
      const { status, json } = await send('POST', `/v1/codes/${menu.id}/rollback`, { version: 1 });
      expect([status, json.target, json.version]).toEqual([200, spring, 3]);
      expect((await fromSymbol(samsung)).location).toBe(spring);
    });

    it('is gone while it is paused, in a page for people and a problem for programs, or leads to its fallback', async () => {
      await changed({ status: 'paused' });
      const page = await fromLink(windows, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
      expect([page.status, page.type]).toEqual([410, 'text/html; charset=utf-8']);
      expect(page.text).toContain('<h1>This code is not in use any more</h1>');
      const problem = await fromLink(windows, { headers: { accept: 'application/json' } });
      expect([problem.status, problem.type]).toEqual([410, 'application/problem+json']);
      expect(JSON.parse(problem.text)).toMatchObject({ status: 410, code: 'code_not_in_use' });
      await changed({ fallbackTarget: closed });
      expect(await fromLink(windows)).toMatchObject({ status: 302, location: closed });
      await changed({ status: 'active', fallbackTarget: null });
      expect(await fromLink(chromebook)).toMatchObject({ status: 302, location: spring });
    });

    it('ends by itself when its time is over', async () => {
      const status = async () => (await send('GET', `/v1/codes/${ticket.id}`)).json.status;
      await eventually('it expires', async () => (await status()) === 'expired');
      expect((await fromSymbol(mac, {}, ticket)).status).toBe(410);
      expect(await found('/v1/codes?status=expired')).toEqual([ticket.id]);
    });

    it('keeps its slug in the archive, and comes back with it', async () => {
      expect((await send('DELETE', `/v1/codes/${menu.id}`)).status).toBe(204);
      expect((await fromSymbol(samsung)).status).toBe(410);
      expect((await send('POST', '/v1/codes', { target: summer, slug })).json.code).toBe('slug_taken');
      const late = await send('PATCH', `/v1/codes/${menu.id}`, { target: summer });
      expect([late.status, late.json.code]).toEqual([409, 'code_archived']);
      expect(await found('/v1/codes?status=archived')).toEqual([menu.id]);
      const back = await send('POST', `/v1/codes/${menu.id}/restore`);
      expect([back.status, back.json.status, back.json.slug]).toEqual([200, 'active', menu.slug]);
      expect(await fromLink(instagram)).toMatchObject({ status: 302, location: spring });
    });

    it('tells every target that it had, and is found by what it is', async () => {
      const { json } = await send('GET', `/v1/codes/${menu.id}/history`);
      const [third, second, first] = json.data as Record<string, string>[];
      const changedBy = expect.stringMatching(/^key_/);
      expect(json).toEqual({
        data: [
          { version: 3, target: spring, from: second?.to, to: null, changedBy },
          { version: 2, target: summer, from: first?.to, to: third?.from, changedBy },
          { version: 1, target: spring, from: menu.createdAt, to: second?.from, changedBy },
        ],
        nextCursor: null,
      });
      for (const query of [
        `q=menu%20spring`,
        `slug=${slug.toUpperCase()}`,
        'tag=menu&status=active&sort=-title&limit=1',
      ])
        expect(await found(`/v1/codes?${query}`), query).toEqual([menu.id]);
      expect(await found('/v1/codes?tag=menu&sort=createdAt')).toEqual([menu.id, poster.id]);
      expect(await found('/v1/codes?externalId=poster-1')).toEqual([poster.id]);
    });

    it('knows every scan that was one, each with what it led to', async () => {
      await untilCounted(deployment, await openLedger(deployment.env));
      const { json } = await send('GET', `/v1/codes/${menu.id}/scans?sort=at`);
      const scans = json.data as Record<string, unknown>[];
      expect(scans).toHaveLength(18);
      expect(scans[0]).toEqual({
        object: 'scan',
        id: expect.stringMatching(/^scn_/),
        at: expect.stringMatching(/^20\d\d-.*Z$/),
        codeId: menu.id,
        version: 1,
        target: spring,
        source: 'qr',
        country: 'DE',
        city: 'Berlin',
        device: 'mobile',
        system: 'iOS',
        browser: 'Safari',
        referrer: null,
        language: 'de',
        bot: false,
      });
      const ledTo = scans.map(({ version, target }) => [version, target]);
      expect(ledTo.slice(0, 12)).toEqual(Array(12).fill([1, spring]));
      expect(ledTo.slice(12)).toEqual([
        [2, summer],
        [2, summer],
        [3, spring],
        [null, closed],
        [3, spring],
        [3, spring],
      ]);
      expect(scans.filter(({ bot }) => bot).map(({ country, source }) => [country, source])).toEqual([
        ['US', 'link'],
        ['AT', 'link'],
        ['US', 'qr'],
      ]);
      const shown = (await send('GET', `/v1/codes/${menu.id}`)).json;
      expect([shown.scanCount, shown.lastScannedAt]).toEqual([15, scans.at(-1)?.at]);
    });

    it('counts people by where, how and with what they came; each breakdown comes to the total', async () => {
      const counted = await analytics(`/v1/codes/${menu.id}/analytics`);
      expect(counted).toMatchObject({ codeId: menu.id, bots: 'exclude', scanCount: 15, dailyUniqueCount: 8 });
      expect(breakdownsOf(counted)).toEqual({
        countries: { DE: 4, AU: 2, BR: 2, FR: 2, GB: 2, JP: 2, US: 1 },
        cities: {
          'AU Sydney': 2,
          'BR Sao Paulo': 2,
          'DE Berlin': 2,
          'DE Kaiserslautern': 2,
          'FR Paris': 2,
          'GB Oxford': 2,
          'JP Chiyoda': 2,
          'US Stanford': 1,
        },
        devices: { mobile: 7, desktop: 6, tablet: 2 },
        systems: { iOS: 6, Android: 3, 'Chrome OS': 2, Windows: 2, macOS: 2 },
        browsers: { Safari: 6, Chrome: 3, Firefox: 2, 'Microsoft Edge': 2, 'Samsung Internet for Android': 2 },
        referrers: { null: 9, 'news.example': 4, 'l.instagram.com': 2 },
        languages: { en: 5, de: 4, fr: 2, ja: 2, pt: 2 },
        sources: { link: 9, qr: 6 },
      });
      expect(counted.attribution).toContain('DB-IP');
    });

    it.each([
      ['bots=include', 18, 10],
      ['bots=only', 3, 3],
      ['source=qr', 6, 4],
      ['source=link', 9, 5],
      ['bots=include&source=qr', 7, 4],
      ['interval=hour&timeZone=Asia/Kolkata', 15, 8],
      ['interval=month&timeZone=America/St_Johns&bots=include', 18, 10],
      ['to=2020-01-02&from=2020-01-01', 0, 0],
    ])(
      'counts with %s %i scans of %i visitors, and its series and breakdowns come to that',
      async (query, scans, visitorCount) => {
        const counted = await analytics(`/v1/codes/${menu.id}/analytics?${query}`);
        expect([counted.scanCount, counted.dailyUniqueCount]).toEqual([scans, visitorCount]);
        const series = counted.series as { scanCount: number; dailyUniqueCount: number }[];
        expect(series.reduce((sum, point) => sum + point.scanCount, 0)).toBe(scans);
        expect(series.reduce((sum, point) => sum + point.dailyUniqueCount, 0)).toBe(visitorCount);
        for (const [name, shares] of Object.entries(breakdownsOf(counted)))
          expect([name, Object.values(shares).reduce((sum, count) => sum + count, 0)]).toEqual([name, scans]);
      },
    );

    it('is counted together with others, visitors of each apart', async () => {
      const numbers = async (query: string) => {
        const { scanCount, dailyUniqueCount } = await analytics(`/v1/analytics${query}`);
        return [scanCount, dailyUniqueCount];
      };
      expect(await numbers('?tag=menu')).toEqual([17, 10]);
      expect(await numbers('?tag=poster')).toEqual([2, 2]);
      expect(await numbers('?tag=nobody')).toEqual([0, 0]);
      expect(await numbers('')).toEqual([18, 11]);
    });

    it('gives all its scans away as CSV and NDJSON', async () => {
      const csv = await send('GET', `/v1/codes/${menu.id}/scans?format=csv&sort=at`);
      expect(csv.headers.get('content-disposition')).toBe(`attachment; filename="scans-${menu.slug}.csv"`);
      const lines = csv.text.trimEnd().split('\r\n');
      expect(lines[0]).toBe(
        'id,at,codeId,version,target,source,country,city,device,system,browser,referrer,language,bot',
      );
      expect(lines).toHaveLength(19);
      expect(lines.filter((line) => line.includes(",'-sum.example,"))).toHaveLength(1);
      const { json } = await send('GET', `/v1/codes/${menu.id}/scans?sort=at`);
      const ndjson = await send('GET', `/v1/codes/${menu.id}/scans?sort=at`, undefined, {
        accept: 'application/x-ndjson',
      });
      expect(
        ndjson.text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).toEqual(json.data);
    });

    it('leaves no address anywhere, and nothing for a recount to mend', async () => {
      const traces = await tracesOf(deployment, processes);
      expect(placesOf(traces, 'Kaiserslautern')).not.toEqual([]);
      for (const { address } of Object.values(visitors)) expect(placesOf(traces, address)).toEqual([]);
      await expectNothingToMend(deployment);
    });
  });
});

type Share = { key: string | null; country?: string | null; scanCount: number };

/** Shows breakdowns as an object each: `DE Berlin` for a city, `null` for the unknown. */
function breakdownsOf(counted: Record<string, unknown>): Record<string, Record<string, number>> {
  const names = ['countries', 'cities', 'devices', 'systems', 'browsers', 'referrers', 'languages', 'sources'];
  const shown = ({ key, country }: Share): string => (country ? `${country} ${key}` : String(key));
  return Object.fromEntries(
    names.map((name) => [
      name,
      Object.fromEntries((counted[name] as Share[]).map((share) => [shown(share), share.scanCount])),
    ]),
  );
}
