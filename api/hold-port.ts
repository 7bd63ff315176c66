import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Config } from '../shared/config.ts';

/** The address that PUBLIC_URL and SHORT_URL have by themselves when PORT is 0. */
const unknown = 'http://localhost:0';

/**
 * Has the system choose a port where PORT is 0, so that links lead to it from the first answer on.
 *
 * @returns the configuration with that port, and what lets go of it just before somebody listens there
 */
export async function holdPort(config: Config): Promise<{ config: Config; letGo: () => Promise<void> }> {
  if (config.port !== 0) return { config, letGo: async () => undefined };
  const server = createServer().listen(0, config.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const known = (url: string): string => (url === unknown ? `http://localhost:${port}` : url);
  return {
    config: { ...config, port, publicUrl: known(config.publicUrl), shortUrl: known(config.shortUrl) },
    async letGo() {
      server.close();
      await once(server, 'close');
    },
  };
}
