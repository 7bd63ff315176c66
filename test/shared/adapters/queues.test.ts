import { describe } from 'vitest';
import { queuesSuite } from '../../suites/queues.ts';
import { describeOn, redisUrl, servers } from '../../support/servers.ts';

describe('queues', () => queuesSuite(redisUrl));

describeOn('queues on a given server', servers.redis, (url) => queuesSuite(() => url));
