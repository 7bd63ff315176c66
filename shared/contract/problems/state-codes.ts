import type { CodeEntry } from './code-entry.ts';

/** A resource that is not there, or not in a state for this. */
export const stateCodes = {
  not_found: {
    status: 404,
    meaning: 'There is nothing under this path or id, or it is not yours.',
    remedy: 'Check the id.',
  },
  code_not_found: {
    status: 404,
    meaning: 'There is no code under this short URL.',
    remedy: 'Check how it is written.',
  },
  no_image: { status: 404, meaning: 'This row makes no image.', remedy: 'Rows that retarget a code have none.' },
  row_failed: {
    status: 422,
    meaning: 'This row has failed and has no image.',
    remedy: 'Read errors; correct the row in a new file, or run failed rows again.',
  },
  no_archive: { status: 404, meaning: 'This batch made no archive.', remedy: 'Read its counts: no row made an image.' },
  idempotency_in_progress: {
    status: 409,
    meaning: 'The first request with this Idempotency-Key is not answered yet.',
    remedy: 'Wait as long as Retry-After says, and send it again.',
  },
  idempotency_key_reused: {
    status: 422,
    meaning: 'This Idempotency-Key was used for another request.',
    remedy: 'Use a new key for a new request.',
  },
  render_not_ready: {
    status: 409,
    meaning: 'The render is not completed yet.',
    remedy: 'Wait as long as Retry-After says, and ask again.',
  },
  row_not_ready: {
    status: 409,
    meaning: 'The row is not completed yet.',
    remedy: 'Wait as long as Retry-After says, and ask again.',
  },
  batch_not_ready: {
    status: 409,
    meaning: 'The batch has not ended yet.',
    remedy: 'Poll it, listen to its events, or name a callbackUrl.',
  },
  batch_ended: { status: 409, meaning: 'The batch has ended already.', remedy: 'There is nothing left to cancel.' },
  batch_not_completed: {
    status: 409,
    meaning: 'Only the failed rows of a completed batch, or the making of an archive that failed, can be run again.',
    remedy: 'Wait until it is completed.',
  },
  nothing_to_retry: {
    status: 409,
    meaning: 'No failed row of this batch can be run again.',
    remedy: 'Correct the rows that could not be read, in a new file.',
  },
  slug_taken: {
    status: 409,
    meaning: 'The slug is taken. Slugs are given once, and never again.',
    remedy: 'Choose another one, or leave it out.',
  },
  code_archived: {
    status: 409,
    meaning: 'The code is archived and cannot be changed.',
    remedy: 'Restore it first: POST /v1/codes/:id/restore.',
  },
  too_many_webhooks: {
    status: 409,
    meaning: 'The tenant has as many webhooks as are kept.',
    remedy: 'Delete one, or give one more events.',
  },
  webhook_disabled: {
    status: 409,
    meaning: 'The webhook is disabled.',
    remedy: 'Make it active first: PATCH it with { "status": "active" }.',
  },
  render_gone: {
    status: 410,
    meaning: 'The render that this request made was deleted.',
    remedy: 'Use a new Idempotency-Key to make it again.',
  },
  logo_gone: {
    status: 410,
    meaning: 'The logo that this request made was deleted.',
    remedy: 'Use a new Idempotency-Key to upload it again.',
  },
  batch_expired: {
    status: 410,
    meaning: 'Rows, images and archive of the batch were kept until its time was over.',
    remedy: 'Send the file again.',
  },
  code_not_in_use: {
    status: 410,
    meaning: 'The code is paused, expired or archived, and has no fallback target.',
    remedy: 'Ask whoever made it.',
  },
  range_not_satisfiable: {
    status: 416,
    meaning: 'The range lies outside of the file.',
    remedy: 'Ask for bytes below the size that Content-Range tells.',
  },
  precondition_failed: {
    status: 412,
    meaning: 'The resource has changed since the ETag in If-Match.',
    remedy: 'Read it again, and decide anew.',
  },
} as const satisfies Record<string, CodeEntry>;
