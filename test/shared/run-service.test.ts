import { describe, expect, it } from 'vitest';
import { startOurProcess } from '../support/our-process.ts';
import { redisUrl, temporaryFolder, uniquePrefix } from '../support/servers.ts';

describe('A service whose parent process is gone', () => {
  it('ends by itself, even when the parent died before the service could listen for it', async () => {
    const service = startOurProcess('workers/main.js', {
      DATA_DIR: await temporaryFolder(),
      REDIS_URL: redisUrl(),
      REDIS_PREFIX: uniquePrefix(),
      SECRET_KEY: 'a secret for this test only'.replaceAll(' ', '-'),
      WORKER_PROCESSES: '1',
    });
    service.child.disconnect();
    expect(await service.ended).toEqual({ code: 0, signal: null });
  });
});
