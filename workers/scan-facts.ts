import Bowser from 'bowser';
import { isbot } from 'isbot';
import { LRUCache } from 'lru-cache';
import type { ScanDevice, ScanRow } from '../shared/adapters/database/scan-store.ts';
import type { ScanEvent } from '../shared/contract/scan-event.ts';

/** What a user agent says of itself; unknown is null. */
type AgentFacts = { device: ScanDevice | null; system: string | null; browser: string | null; bot: boolean };

/** User agents that a process remembers; a few hundred are behind most scans. */
const agentsKept = 5000;

/** Programs that fetch a link to show what is behind it, where isbot does not know them: nobody is there yet. */
const previews =
  /\bWhatsApp\/|facebookexternalhit|facebookcatalog|Slackbot|Slack-ImgProxy|Twitterbot|TelegramBot|Discordbot|LinkedInBot|SkypeUriPreview|MicrosoftPreview|Pinterestbot|redditbot|vkShare|Viber\/|Line\/[\d.]+ \(preview\)|Snap URL Preview|Google-PageRenderer|Iframely|Embedly|Mastodon\/|Synapse\//i;

/** Browsers inside of apps carry the app's name, and somebody looks at them. */
const inApp =
  /\b(?:FBAN|FBAV|Instagram|Line|Snapchat|Pinterest|MicroMessenger|Viber)\b.*\bMobile\b|\bMobile\b.*\b(?:FBAN|FBAV|Instagram|Line|Snapchat|MicroMessenger)\b/;

/** To isbot whatever calls itself a scanner is a bot. */
const qrReader = /\b(?:QR|barcode)[\w -]*(?:scanner|reader)\b/i;

const devices: Record<string, ScanDevice> = { mobile: 'mobile', tablet: 'tablet', desktop: 'desktop' };

/* Bowser names what it does not know by what stands in the user agent, which may be anything. */
const knownBrowsers: ReadonlySet<string> = new Set(Object.values(Bowser.BROWSER_MAP));
const knownSystems: ReadonlySet<string> = new Set(Object.values(Bowser.OS_MAP));

/** Bowser leaves the kind of these devices open. */
const chromeOs = 'Chrome OS';

const knownOf = (names: ReadonlySet<string>, name: string | undefined): string | null =>
  name !== undefined && names.has(name) ? name : null;

function isBotAgent(userAgent: string): boolean {
  if (inApp.test(userAgent) && !/facebookexternalhit/i.test(userAgent)) return false;
  return previews.test(userAgent) || isbot(userAgent.replace(qrReader, ''));
}

function agentFacts(userAgent: string): AgentFacts {
  const { platform, os, browser } = Bowser.parse(userAgent);
  return {
    device: os.name === chromeOs ? 'desktop' : (devices[platform.type ?? ''] ?? 'other'),
    system: knownOf(knownSystems, os.name),
    browser: knownOf(knownBrowsers, browser.name),
    bot: isBotAgent(userAgent),
  };
}

const noAgent: AgentFacts = { device: null, system: null, browser: null, bot: false };

/**
 * Returns a function that makes an event's row of the ledger: with device, system and browser of its user agent, and whether a
 * bot made it (a crawler, a link preview, a prefetch). The user agent itself is not kept.
 */
export function createScanFacts(): (event: ScanEvent) => ScanRow {
  const known = new LRUCache<string, AgentFacts>({ max: agentsKept });
  const factsOf = (userAgent: string | null): AgentFacts => {
    if (userAgent === null || userAgent.trim() === '') return noAgent;
    const facts = known.get(userAgent) ?? agentFacts(userAgent);
    known.set(userAgent, facts);
    return facts;
  };
  return (event) => {
    const { device, system, browser, bot } = factsOf(event.userAgent);
    // Field by field: to gather what is left of an object costs more than all the rest.
    return {
      id: event.id,
      tenantId: event.tenantId,
      codeId: event.codeId,
      at: event.at,
      version: event.version,
      fallbackTarget: event.fallbackTarget,
      source: event.source,
      country: event.country,
      city: event.city,
      visitor: event.visitor,
      referrer: event.referrer,
      language: event.language,
      device,
      system,
      browser,
      bot: bot || event.prefetch,
    };
  };
}
