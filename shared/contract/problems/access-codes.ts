import type { CodeEntry } from './code-entry.ts';

const wait = 'Wait as long as Retry-After says, and try again.';

/** Who may what, how often, and what is away for now. */
export const accessCodes = {
  unauthorized: {
    status: 401,
    meaning: 'No API key came, or it is not known, not valid any more, or in a form that cannot be read.',
    remedy: 'Send Authorization: Bearer qrf_… with a key of yours.',
  },
  forbidden: {
    status: 403,
    meaning: "The key's role does not allow this.",
    remedy: 'Use a key of the role that the detail names.',
  },
  tenant_suspended: {
    status: 403,
    meaning: 'The tenant of this key is suspended.',
    remedy: 'Ask your operator.',
  },
  unknown_tenant: {
    status: null,
    meaning: 'There is no tenant with this id.',
    remedy: 'Make it first: POST /v1/tenants.',
  },
  bootstrap_key: {
    status: 409,
    meaning: 'This key follows the configuration.',
    remedy: 'Change BOOTSTRAP_API_KEY and restart.',
  },
  key_contended: {
    status: 409,
    meaning: 'Another request rotated the key at the same time.',
    remedy: 'Rotate it again.',
  },
  default_tenant: {
    status: 409,
    meaning: 'The tenant default cannot be suspended: it has the key of the configuration.',
    remedy: 'Put what may be suspended into tenants of its own.',
  },
  tenant_id_taken: { status: 409, meaning: 'There is a tenant with this id.', remedy: 'Choose another, or none.' },
  tenant_contended: { status: 503, meaning: 'Others changed the tenant all the time.', remedy: 'Try again.' },
  signature_invalid: {
    status: 403,
    meaning:
      'The signature of the query is not right: a part is missing, the secret is not in use, or something was changed.',
    remedy: 'Sign path and query exactly as they are sent, and append &sig= last.',
  },
  signature_expired: {
    status: 403,
    meaning: 'The signature of the query is over: exp lies in the past.',
    remedy: 'Sign the query again with a later exp.',
  },
  foreign_origin: {
    status: 403,
    meaning: 'A browser that is signed in to the pages for operators was sent here by another site.',
    remedy: 'Use the pages themselves, or send a key as bearer.',
  },
  quota_exceeded: {
    status: 429,
    meaning: 'Your tenant has had as many renders or rows of batches on this UTC day as it may.',
    remedy: 'Wait as long as Retry-After says, or ask your operator for more; GET /v1/usage shows how you stand.',
  },
  too_many_requests: {
    status: 429,
    meaning: 'More requests came than are accepted in this time; RateLimit-Policy says how many are.',
    remedy: wait,
  },
  too_many_listeners: {
    status: 429,
    meaning: 'The tenant has as many connections that listen to events as it may have.',
    remedy: 'Close some, or read the progress of the batch now and then.',
  },
  internal_error: {
    status: 500,
    meaning: 'Something went wrong here.',
    remedy: 'Tell your operator the requestId; the log has the cause.',
  },
  starting: { status: 503, meaning: 'The service is starting: its stores are not connected yet.', remedy: wait },
  queue_unavailable: { status: 503, meaning: 'The queue (Redis) does not answer.', remedy: wait },
  queue_full: { status: 503, meaning: 'The queue has no room for more work.', remedy: wait },
  database_unavailable: { status: 503, meaning: 'The database does not answer.', remedy: wait },
  database_full: { status: 503, meaning: "The database's disk is full.", remedy: 'Tell your operator.' },
  storage_unavailable: { status: 503, meaning: 'The object store does not answer.', remedy: wait },
  storage_full: { status: 503, meaning: 'The object store is full.', remedy: 'Tell your operator.' },
  codes_unavailable: { status: 503, meaning: 'This code cannot be looked up at present.', remedy: wait },
  journal_unavailable: {
    status: 503,
    meaning: 'The journal of scans cannot be written.',
    remedy: 'Tell your operator.',
  },
  listeners_full: {
    status: 503,
    meaning: 'Too many connections listen to events.',
    remedy: 'Read the progress of the batch now and then.',
  },
  image_not_ready: { status: 503, meaning: 'The image is not drawn yet.', remedy: 'Ask again.' },
  image_gone: {
    status: 503,
    meaning: "The row's image is not in the object store.",
    remedy: 'Ask again; else start the batch anew.',
  },
  archive_gone: {
    status: 503,
    meaning: 'The archive is not in the object store.',
    remedy: 'Ask again; else start the batch anew.',
  },
  logo_check_pending: { status: 503, meaning: 'The logo is stored and not checked yet.', remedy: 'Ask again.' },
  code_contended: { status: 503, meaning: 'Others changed the code all the time.', remedy: 'Try again.' },
  no_free_slug: { status: 503, meaning: 'No random slug was found that is free.', remedy: 'Try again.' },
} as const satisfies Record<string, CodeEntry>;
