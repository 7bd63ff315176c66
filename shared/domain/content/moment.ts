/** Returns the date when `YYYY-MM-DD` is a day of the calendar from year 1 to 9999, else null. */
export function calendarDate(text: string): string | null {
  const instant = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return isoInstant(instant)?.slice(0, 10) === text && !text.startsWith('0000') ? text : null;
}

function isoInstant(milliseconds: number): string | null {
  return Number.isNaN(milliseconds) ? null : new Date(milliseconds).toISOString();
}

/**
 * Returns an RFC 3339 time in UTC, to the second (`2026-11-23T12:00:00Z`), or null when it is none. The offset is
 * needed; fractions of a second go, because calendars have none; leap seconds are not accepted.
 */
export function utcTime(text: string): string | null {
  const parts = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i.exec(
    text,
  );
  if (parts === null || calendarDate(parts[1] ?? '') === null) return null;
  const utc = isoInstant(Date.parse(text.toUpperCase()));
  return utc === null || !/^(?!0000)\d{4}-/.test(utc) ? null : `${utc.slice(0, 19)}Z`;
}
