import { describe } from 'vitest';
import { queueAnnouncementsSuite } from '../../suites/queue-announcements.ts';
import { queuesSuite } from '../../suites/queues.ts';
import { describeOn, redisUrl, servers } from '../../support/servers.ts';

describe('queues', () => queuesSuite(redisUrl));
describe('announcements', () => queueAnnouncementsSuite(redisUrl));

describeOn('queues on a given server', servers.redis, (url) => queuesSuite(() => url));
describeOn('announcements on a given server', servers.redis, (url) => queueAnnouncementsSuite(() => url));
