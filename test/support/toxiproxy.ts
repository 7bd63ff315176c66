import { Toxiproxy } from 'toxiproxy-node-client';
import { uniquePrefix } from './test-variables.ts';

/** A server behind Toxiproxy: what connects to `host` reaches it as long as the proxy lets it. */
export type ServerProxy = {
  /** host:port */
  host: string;
  cut(): Promise<void>;
  restore(): Promise<void>;
  /** Delays every answer. */
  slow(latencyMs: number): Promise<void>;
  /** Closes each connection after this many bytes have gone up. */
  cutUploadsAfter(bytes: number): Promise<void>;
  remove(): Promise<void>;
};

/** Puts Toxiproxy in front of the server at `upstream` (host:port). */
export async function proxyTo(toxiproxyUrl: string, upstream: string): Promise<ServerProxy> {
  const toxiproxy = new Toxiproxy(toxiproxyUrl);
  const proxy = await toxiproxy.createProxy({ name: uniquePrefix(), listen: '127.0.0.1:0', upstream });
  const toxics: { remove(): Promise<void> }[] = [];
  const setEnabled = (enabled: boolean) => proxy.update({ enabled, listen: proxy.listen, upstream });
  return {
    host: proxy.listen,
    async cut() {
      await setEnabled(false);
    },
    async restore() {
      for (const toxic of toxics.splice(0)) await toxic.remove();
      await setEnabled(true);
    },
    async slow(latencyMs) {
      toxics.push(
        await proxy.addToxic({
          name: 'slow',
          type: 'latency',
          stream: 'downstream',
          toxicity: 1,
          attributes: { latency: latencyMs, jitter: 0 },
        }),
      );
    },
    async cutUploadsAfter(bytes) {
      toxics.push(
        await proxy.addToxic({
          name: 'cut',
          type: 'limit_data',
          stream: 'upstream',
          toxicity: 1,
          attributes: { bytes },
        }),
      );
    },
    remove: () => proxy.remove(),
  };
}
