import type { Redis } from 'ioredis';
import type { Log } from '../log.ts';
import type { ToldEnd } from './database/database.ts';
import { closeRedis, openRedis } from './redis-connection.ts';

/** A dead connection of a listener who never speaks is found this long, and `socketTimeout`, after it died. */
const pingMs = 5000;

export const endedChannel = (prefix: string): string => `${prefix}:ended`;

/** What a worker tells every API process at a job's end. The rows say how it ended; `ends` spares reading those of renders. */
type EndedMessage = { ids: string[]; ends?: ToldEnd[] };

/** What an operator tells every API process to forget: renders by id and codes by slug, or all of them. */
export type Forgotten = readonly string[] | 'all';
type ForgetMessage = { forget: Forgotten };
/** Codes by slug that lead elsewhere since. */
type ChangedMessage = { changed: string[] };
export type Message = EndedMessage | ForgetMessage | ChangedMessage;

/** Who hears of each. */
export type Heard = {
  ended: (ids: string[], ends: ToldEnd[]) => void;
  forget: (what: Forgotten) => void;
  changed: (slugs: string[]) => void;
};

/**
 * Hears of ended work, of codes that were changed, and of what is to be forgotten, on a connection of its own, and subscribes again
 * after every loss of it.
 *
 * What is published while the connection is away is not heard: who waits must look at the rows in the end.
 */
export function listenForEnded(redis: { url: string; prefix: string }, { ended, forget, changed }: Heard, log: Log) {
  const channel = endedChannel(redis.prefix);
  const subscriber = openRedis(redis.url, 'subscriber', { name: 'ended', log });
  subscriber.on('ready', () => {
    subscriber.subscribe(channel).catch(() => subscriber.disconnect(true)); // reconnecting tries again
  });
  subscriber.on('message', (_channel: string, text: string) => {
    const message = readMessage(text);
    if (message === null) {
      log.warn({ channel, length: text.length }, 'a message that is not ours came on the channel of ended work');
    } else if ('forget' in message) forget(message.forget);
    else if ('changed' in message) changed(message.changed);
    else ended(message.ids, message.ends ?? []);
  });
  const pings = setInterval(() => ping(subscriber), pingMs);
  pings.unref();
  return {
    async close(): Promise<void> {
      clearInterval(pings);
      await closeRedis(subscriber);
    },
  };
}

function ping(subscriber: Redis): void {
  if (subscriber.status === 'ready') subscriber.ping().catch(() => undefined); // a lost connection reports itself
}

function readMessage(text: string): Message | null {
  try {
    const message = JSON.parse(text) as Partial<EndedMessage & ForgetMessage & ChangedMessage>;
    const { ids, ends = [], forget, changed } = message;
    if (forget === 'all' || areTexts(forget)) return { forget };
    if (areTexts(changed)) return { changed };
    return areTexts(ids) && Array.isArray(ends) ? { ids, ends } : null;
  } catch {
    return null;
  }
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
