import type { Redis } from 'ioredis';

/**
 * Tells which of the jobs are waiting, delayed, prioritized or active.
 *
 * BullMQ's own state script walks the waiting list once for every id; this one walks it once for all, from its old end, and only
 * as far as needed. A job's hash alone proves nothing: failed jobs have one too.
 *
 * KEYS: failed, completed, delayed, prioritized, active, wait, paused. ARGV: key prefix of jobs, ids…
 */
const liveJobsLua = `
local live = {}
local sought = {}
local open = 0
for i = 2, #ARGV do
  local id = ARGV[i]
  if redis.call('EXISTS', ARGV[1] .. id) == 1 then
    if redis.call('ZSCORE', KEYS[3], id) or redis.call('ZSCORE', KEYS[4], id) then
      live[#live + 1] = id
    elseif not sought[id] and not redis.call('ZSCORE', KEYS[1], id) and not redis.call('ZSCORE', KEYS[2], id) then
      sought[id] = true
      open = open + 1
    end
  end
end
for list = 5, 7 do
  local last = -1
  while open > 0 do
    local chunk = redis.call('LRANGE', KEYS[list], last - 999, last)
    for _, id in ipairs(chunk) do
      if sought[id] then
        sought[id] = nil
        open = open - 1
        live[#live + 1] = id
      end
    end
    if #chunk < 1000 then break end
    last = last - 1000
  end
end
return live
`;

/**
 * Forgets those of the jobs that have failed, so that adding one under its old id is not taken for a duplicate.
 *
 * KEYS: failed. ARGV: key prefix of jobs, ids…
 */
const forgetFailedLua = `
local forgotten = 0
for i = 2, #ARGV do
  if redis.call('ZREM', KEYS[1], ARGV[i]) == 1 then
    local job = ARGV[1] .. ARGV[i]
    redis.call('DEL', job, job .. ':logs', job .. ':dependencies', job .. ':processed', job .. ':failed', job .. ':unsuccessful')
    forgotten = forgotten + 1
  end
end
return forgotten
`;

/** The keys of one BullMQ queue, each by its own name for it; `''` is the prefix of its jobs. */
type QueueKeys = Record<string, string>;

export type QueueScripts = {
  liveJobs(keys: QueueKeys, jobIds: string[]): Promise<string[]>;
  forgetFailed(keys: QueueKeys, jobIds: string[]): Promise<number>;
};

type Scripted = Redis & {
  qrfLiveJobs(...args: string[]): Promise<string[]>;
  qrfForgetFailed(...args: string[]): Promise<number>;
};

const liveKeys = ['failed', 'completed', 'delayed', 'prioritized', 'active', 'wait', 'paused'];

/** Defines our scripts on a connection. They know the layout of BullMQ 6's keys; `test/suites/queues.ts` would notice another one. */
export function queueScripts(redis: Redis): QueueScripts {
  redis.defineCommand('qrfLiveJobs', { numberOfKeys: liveKeys.length, lua: liveJobsLua, readOnly: true });
  redis.defineCommand('qrfForgetFailed', { numberOfKeys: 1, lua: forgetFailedLua });
  const scripted = redis as Scripted;
  const key = (keys: QueueKeys, name: string): string => {
    const found = keys[name];
    if (found === undefined) throw new Error(`BullMQ has no key ${name}`);
    return found;
  };
  return {
    liveJobs: (keys, jobIds) =>
      scripted.qrfLiveJobs(...liveKeys.map((name) => key(keys, name)), key(keys, ''), ...jobIds),
    forgetFailed: (keys, jobIds) => scripted.qrfForgetFailed(key(keys, 'failed'), key(keys, ''), ...jobIds),
  };
}
