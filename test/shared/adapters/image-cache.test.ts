import { describe } from 'vitest';
import { imageCacheSuite } from '../../suites/image-cache.ts';
import { describeOn, redisUrl, servers } from '../../support/servers.ts';

describe('image cache', () => imageCacheSuite(redisUrl));

describeOn('image cache on a given server', servers.redis, (url) => imageCacheSuite(() => url));
