import { type CodeEntry, onlyTold } from './code-entry.ts';

/** Where bytes were asked for, a failure is a problem too. */
const failed = (meaning: string, remedy: string): CodeEntry => ({ status: 422, meaning, remedy });

/** Codes of work that failed after it was accepted (`error` of a render, row, batch or delivery), and of warnings. */
export const workCodes = {
  render_crashed: failed('Drawing this render took its process down three times.', 'Tell your operator the id.'),
  render_failed: failed('The render could not be drawn.', 'POST it again; else tell your operator the id.'),
  render_cancelled: failed('The render was cancelled.', 'POST it again.'),
  logo_crashed: failed('Decoding the logo took its process down three times.', 'Export the picture anew.'),
  logo_failed: failed('The logo could not be checked.', 'Upload it again; else tell your operator.'),
  logo_unchecked: failed('The check of the logo was cancelled.', 'Upload it again.'),
  logo_not_found: failed('The logo was deleted before it was used.', 'Upload it again.'),
  batch_crashed: failed('Reading the file took its process down ten times at one place.', 'Tell your operator the id.'),
  archive_crashed: failed(
    'Zipping the images took its process down ten times at one place.',
    'Tell your operator the id.',
  ),
  file_gone: failed('The file of this batch is not there any more.', 'Send it again.'),
  images_gone: failed('Images of this batch are not there any more.', 'Send the file again.'),
  cancelled: onlyTold('The batch was cancelled before this row was done.', 'Send the row again.'),
  attempts_exhausted: onlyTold('Every attempt to deliver failed.', 'Mend the receiver, then redeliver.'),
  timeout: onlyTold('The receiver did not answer in time.', 'Answer first, work later.'),
  redirected: onlyTold(
    'The receiver answered with a redirect; these are not followed.',
    'PATCH the webhook with the new URL.',
  ),
  receiver_gone: onlyTold('The receiver answered 410 Gone.', 'Make the webhook active again when it is back.'),
  host_not_found: onlyTold("The receiver's name leads nowhere.", 'Check the URL.'),
  connection_failed: onlyTold('No connection to the receiver, or it broke.', 'Check that it listens and is reachable.'),
  answer_too_large: onlyTold("The headers of the receiver's answer are too long.", 'Send fewer.'),
  invalid_answer: onlyTold("The receiver's answer is no HTTP.", 'Check port and scheme of the URL.'),
  webhook_deleted: onlyTold('The webhook was deleted before this was delivered.', 'Nothing is to be done.'),
  column_not_an_option: onlyTold(
    "Warning: a column is called like an option, and its first rows hold none of that option's values.",
    'Nothing is to be done if it is your own; else give it the values that the option takes.',
  ),
  column_not_read: onlyTold(
    "Warning: a column is called like a field of codes, and the batch's mode does not read it.",
    'Take the mode that the detail names, or PATCH the codes.',
  ),
  error_correction_raised: onlyTold(
    'Warning: error correction was raised so that the logo leaves the symbol readable.',
    'Nothing is to be done.',
  ),
  symbol_enlarged: onlyTold(
    'Warning: the symbol has many more modules than its content needs, so that its logo leaves it readable.',
    'Take a smaller logo, or a larger size, if its modules become too small.',
  ),
  logo_on_alignment_pattern: onlyTold(
    'Warning: the logo covers an alignment pattern; some readers do worse then.',
    'Make the logo smaller, or the content shorter.',
  ),
  small_quiet_zone: onlyTold(
    'Warning: the quiet zone is below the four modules of ISO/IEC 18004.',
    'Keep the surroundings as light as the background.',
  ),
  transparent_background: onlyTold('Warning: the background is transparent.', 'Show it on something light.'),
  unlikely_password: onlyTold(
    'Warning: the password is none that a network of this security can have.',
    'Compare it with that of the network before the code is printed.',
  ),
} as const satisfies Record<string, CodeEntry>;
