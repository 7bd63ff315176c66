import type { Redis } from 'ioredis';
import type { Log } from '../log.ts';
import type { ToldEnd } from './database/database.ts';
import { endedChannel, type Forgotten, type Heard, listenForEnded, type Message } from './redis-channel.ts';
import { redisUnavailable } from './redis-connection.ts';

type Listeners = { [Kind in keyof Heard]: Set<Heard[Kind]> };

/** What processes tell each other over Redis: it reaches those who are connected now, and nobody later. */
export function createAnnouncements(producer: Redis, redis: { url: string; prefix: string }, log: Log) {
  const listeners: Listeners = { ended: new Set(), forget: new Set(), changed: new Set() };
  const heard: Heard = {
    ended: (ids, ends) => {
      for (const listener of listeners.ended) listener(ids, ends);
    },
    forget: (what) => {
      for (const listener of listeners.forget) listener(what);
    },
    changed: (slugs) => {
      for (const listener of listeners.changed) listener(slugs);
    },
  };
  let channel: { close(): Promise<void> } | null = null;

  const listen = <Kind extends keyof Heard>(kind: Kind, listener: Heard[Kind]): (() => void) => {
    channel ??= listenForEnded(redis, heard, log);
    listeners[kind].add(listener);
    return () => void listeners[kind].delete(listener);
  };
  const publish = async (message: Message): Promise<void> => {
    try {
      await producer.publish(endedChannel(redis.prefix), JSON.stringify(message));
    } catch (error) {
      throw redisUnavailable(`Could not tell other processes what was ${Object.keys(message)[0]}`, error);
    }
  };

  return {
    close: async (): Promise<void> => channel?.close(),
    /** Each throws AppError `unavailable` while Redis is away; each `on…` calls its listener until the returned function is called. */
    said: {
      /** Tells every process that listens which work has ended, and of renders how. */
      announceEnded: (ids: string[], ends?: ToldEnd[]): Promise<void> => publish({ ids, ends }),
      onEnded: (listener: Heard['ended']) => listen('ended', listener),

      /** Tells every API process to forget what it remembers of renders (ids) and codes (slugs), or everything. */
      announceForgotten: (forget: Forgotten): Promise<void> => publish({ forget }),
      onForgotten: (listener: Heard['forget']) => listen('forget', listener),

      /** Tells every API process which codes (slugs) lead elsewhere now. */
      announceChanged: (changed: string[]): Promise<void> => publish({ changed }),
      onChanged: (listener: Heard['changed']) => listen('changed', listener),
    },
  };
}
