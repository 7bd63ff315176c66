import { AppError } from '../shared/errors.ts';

type Exceeded = { limit: number; used: number; wanted: number; resetsAt: number; now: number };

/** Makes the refusal of what passes a quota: when there is room again, or that there never is for so much at once. */
export function quotaExceeded(
  name: 'renders' | 'batchRows',
  { limit, used, wanted, resetsAt, now }: Exceeded,
): AppError {
  const what = name === 'renders' ? 'renders' : 'rows of batches';
  if (wanted > limit) {
    const detail = `The quota ${name} is ${limit} ${what} a day: ${wanted} at once never fit`;
    return new AppError('too-many', 'quota_exceeded', detail);
  }
  const asked = wanted === 1 ? '' : `; ${wanted} more were asked for`;
  const detail = `The quota ${name} is used up: ${used} of ${limit} ${what} a day${asked}; it begins anew at ${new Date(resetsAt).toISOString()}`;
  return new AppError('too-many', 'quota_exceeded', detail, { retryAfterS: Math.ceil((resetsAt - now) / 1000) });
}
