const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** How long a delivery rests before each of its attempts. */
const delaysMs = [
  0,
  5 * secondMs,
  5 * minuteMs,
  30 * minuteMs,
  2 * hourMs,
  5 * hourMs,
  10 * hourMs,
  10 * hourMs,
] as const;

export const mostAttempts = delaysMs.length;

/** Delays differ by up to this share, so that what failed together does not come back together. */
const spread = 0.1;

/** A receiver may ask for a longer rest than the schedule's, up to this. */
const longestRetryAfterMs = 24 * hourMs;

const failingForMs = 5 * 24 * hourMs;

type Failed = {
  /** Attempts that failed so far, 1 or more. */
  attemptsMade: number;
  /** What the receiver asked for, see `retryAfterMs`. */
  retryAfterMs: number | null;
  /** Shrinks the delays: 1 as they are, 0 none. */
  timeScale: number;
  /** 0…1, by lot. */
  lot: number;
};

/** Returns how long to rest before the next attempt, in milliseconds; null when there is none left. */
export function restMs({ attemptsMade, retryAfterMs, timeScale, lot }: Failed): number | null {
  const delayMs = delaysMs[attemptsMade];
  if (delayMs === undefined) return null;
  const scheduled = Math.round(delayMs * timeScale * (1 + spread * (2 * lot - 1)));
  return Math.max(scheduled, Math.min(retryAfterMs ?? 0, longestRetryAfterMs));
}

/** Whether an endpoint has failed for so long, without a success in between, that it is not called any more. */
export function isGivenUp(failingSince: number, now: number, timeScale: number): boolean {
  return now - failingSince >= failingForMs * timeScale;
}

/** Reads `Retry-After` (RFC 9110, 10.2.3), seconds or a date, as milliseconds from `now`; null when it is neither. */
export function retryAfterMs(header: string | null, now: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * secondMs;
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
