/** Shows a moment, in ms since 1970, as answers have it: RFC 3339 in UTC. */
export const isoTime = (at: number): string => new Date(at).toISOString();

/** Likewise; null stays null. */
export const isoTimeOrNull = (at: number | null): string | null => (at === null ? null : isoTime(at));
