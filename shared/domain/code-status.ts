/** What a code can be; where several hold, codeStatus tells which counts. */
export const codeStatuses = ['active', 'paused', 'expired', 'archived'] as const;
export type CodeStatus = (typeof codeStatuses)[number];

type Switches = {
  paused: boolean;
  /** Milliseconds since 1970. */
  archivedAt: number | null;
  expiresAt: number | null;
};

/** Returns how a code stands at `now` (milliseconds since 1970): archived before expired before paused before active. */
export function codeStatus({ paused, archivedAt, expiresAt }: Switches, now: number): CodeStatus {
  if (archivedAt !== null) return 'archived';
  if (expiresAt !== null && expiresAt <= now) return 'expired';
  return paused ? 'paused' : 'active';
}
