import { type CodeEntry, onlyTold } from './code-entry.ts';

const asTold = 'Send what the detail says is accepted.';
const nearest = 'Use the nearest value that works, which the detail names.';

/** Why one field is refused: codes within `errors`. Those of `invalid_…` that are not here are of a parameter with that name. */
export const fieldCodes = {
  required: onlyTold('The field is missing.', 'Add it.'),
  empty: onlyTold('The text or list is empty.', asTold),
  unknown_field: onlyTold(
    'There is no such field here; perhaps it is misspelt.',
    'Leave it out, or use the name that the detail proposes.',
  ),
  given_twice: onlyTold('The parameter, part or field stands there more than once.', 'Send it once.'),
  too_many_cells: onlyTold(
    'The row has more cells than the file has columns.',
    'Put quotes around cells that hold the delimiter.',
  ),
  not_allowed: onlyTold('The field must be absent beside the others that came.', asTold),
  read_only: onlyTold('The field cannot be changed.', 'Leave it out.'),
  invalid_type: onlyTold('The value is of another JSON type.', asTold),
  invalid_value: onlyTold('The value is none of those that are accepted.', asTold),
  number_not_kept: onlyTold(
    'The number has more digits, or is larger, than JSON readers keep: it would become another.',
    'Send it as text.',
  ),
  out_of_range: onlyTold('The number is too small or too large.', asTold),
  too_many: onlyTold('The list has too many entries.', asTold),
  too_long: onlyTold('The value is too long.', asTold),
  too_deep: onlyTold('The JSON is nested too deeply.', 'Send it with fewer levels.'),
  content_too_long: onlyTold(
    'No QR symbol holds so much at this error correction level.',
    'Shorten the content, or lower the level as the detail says.',
  ),
  invalid_characters: onlyTold('The text has characters that cannot stand here.', asTold),
  invalid_url: onlyTold('The URL is not absolute, or has a scheme that is not accepted.', asTold),
  url_too_long: onlyTold('The URL is too long.', asTold),
  url_with_user: onlyTold('The URL holds a user or password.', 'Leave them out.'),
  address_refused: onlyTold(
    'The URL leads to an address that is not public.',
    'Use a public address, or ask the operator for OUTBOUND_ALLOW.',
  ),
  target_too_long: onlyTold('The target is too long.', asTold),
  target_refused: onlyTold(
    'That version led to a target that is no longer accepted.',
    'PATCH the code with another target.',
  ),
  denied_host: onlyTold('Codes may not lead to this host.', 'Choose another target, or ask the operator.'),
  own_url: onlyTold('The target is on this service itself and would lead round in circles.', 'Choose another target.'),
  invalid_slug: onlyTold('The slug is not 3 to 64 letters, digits and inner hyphens.', asTold),
  reserved_slug: onlyTold('The word is kept for paths of the service.', 'Choose another slug.'),
  unknown_version: onlyTold('The code never had this version.', 'Take one of GET /v1/codes/:id/history.'),
  unknown_logo: onlyTold('There is no logo with this id.', 'Upload it with POST /v1/logos.'),
  unknown_code: onlyTold('There is no code with this slug or id.', 'Check how it is written.'),
  metadata_too_large: onlyTold('The metadata are too large as JSON.', asTold),
  not_in_future: onlyTold('The time is over already.', 'Send a time to come.'),
  code_expired: onlyTold(
    'The code is expired, and would stay so.',
    'PATCH its expiresAt too: a time to come, or null.',
  ),
  invalid_time: onlyTold('The text is no time by RFC 3339 with its offset.', asTold),
  invalid_date: onlyTold('The text is no date.', asTold),
  end_not_after_start: onlyTold('The event ends before it begins.', asTold),
  empty_range: onlyTold('The range from from to to holds nothing.', asTold),
  too_many_intervals: onlyTold('The range has too many intervals.', 'Choose a longer interval or a shorter range.'),
  cursor_of_other_list: onlyTold('The cursor belongs to another list.', 'Use the nextCursor of the same list.'),
  cursor_of_other_sort: onlyTold('The cursor belongs to another order.', 'Keep sort as it was, or begin anew.'),
  invalid_key: onlyTold('The Idempotency-Key is not 1 to 255 printable ASCII characters.', asTold),
  reused: onlyTold('The Idempotency-Key was used for another request.', 'Use a new one.'),
  stale: onlyTold('The ETag in If-Match is not the current one.', 'Read the resource again.'),
  invalid_colour: onlyTold('The text is no hexadecimal colour.', asTold),
  contrast_too_low: onlyTold('Readers could not tell dark modules from light ones.', nearest),
  inverted_colours: onlyTold('The modules are lighter than their background; many readers fail there.', nearest),
  modules_too_small: onlyTold('The modules would be too few pixels wide for readers.', nearest),
  modules_on_reader_blocks: onlyTold(
    'Under a logo, modules of this width fall on the blocks in which readers threshold.',
    nearest,
  ),
  logo_over_budget: onlyTold('The logo covers more than error correction makes good.', nearest),
  invalid_logo: onlyTold('The text is no data URI of a PNG, JPEG or WebP image.', asTold),
  invalid_logo_id: onlyTold('The text is no id of a logo.', asTold),
  unsupported_charset: onlyTold('Text beyond ASCII is encoded in UTF-8 only.', 'Leave charset-target out.'),
  range_too_long: onlyTold('The range is longer than what is answered at once.', 'Ask for it in parts.'),
} as const satisfies Record<string, CodeEntry>;
