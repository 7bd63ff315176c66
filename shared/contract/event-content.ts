import { z } from 'zod';
import type { EventContent } from '../domain/content/content.ts';
import { calendarDate, utcTime } from '../domain/content/moment.ts';
import { defaulted, fields, line, lines, optional, trueOrFalse } from './field.ts';

const acceptedTime =
  'a time by RFC 3339 with its offset, such as 2026-11-23T18:30:00+01:00 (a date when allDay is true)';
const acceptedDate = 'a date such as 2026-11-23, because allDay is true (of a time by RFC 3339 its date counts)';
const acceptedEnd = 'later than start: it is exclusive, so leave it out for a single day or a moment';

const moment = z.string({ error: acceptedTime }).trim().min(1, { error: acceptedTime }).describe(acceptedTime);

/** Of a whole day's time the date counts as it stands there: it is a day where the event is, not in UTC. */
function readMoment(value: string, allDay: boolean): string | null {
  if (!allDay) return utcTime(value);
  return calendarDate(utcTime(value) === null ? value : value.slice(0, 10));
}

export const eventContent = fields(
  {
    type: z.literal('event'),
    title: line,
    start: moment,
    end: optional(moment),
    allDay: defaulted(trueOrFalse, false),
    location: optional(lines),
    description: optional(lines),
  },
  'an object of type event',
)
  .superRefine(
    ({ start, end, allDay }, context) => {
      if (typeof allDay !== 'boolean') return;
      const read = (name: string, value: unknown): string | null => {
        if (typeof value !== 'string' || value === '') return null;
        const canonical = readMoment(value, allDay);
        if (canonical === null) {
          const message = allDay ? acceptedDate : acceptedTime;
          context.addIssue({
            code: 'custom',
            path: [name],
            message,
            params: { code: allDay ? 'invalid_date' : 'invalid_time' },
          });
        }
        return canonical;
      };
      const from = read('start', start);
      const to = read('end', end);
      // Both are canonical and of one length, so that their texts compare as their times do.
      if (from !== null && to !== null && to <= from) {
        context.addIssue({
          code: 'custom',
          path: ['end'],
          message: acceptedEnd,
          params: { code: 'end_not_after_start' },
        });
      }
    },
    { when: () => true },
  )
  .transform((content): EventContent => {
    const canonical = (value: string): string => readMoment(value, content.allDay) ?? value;
    return { ...content, start: canonical(content.start), end: content.end === null ? null : canonical(content.end) };
  });
