import type { CodeEntry } from './code-entry.ts';

const readErrors = 'Read errors: each entry names a field, what is accepted and what came.';

/** A request that cannot be read, or is not valid. */
export const requestCodes = {
  invalid_request: { status: 422, meaning: 'One or more fields are not valid.', remedy: readErrors },
  malformed_request: {
    status: 400,
    meaning: 'What came is not a valid HTTP request.',
    remedy: 'Use an HTTP client; check what stands in between.',
  },
  malformed_url: {
    status: 400,
    meaning: 'The URL has a character that must be escaped.',
    remedy: 'Percent-encode it, as in %C3%A9 for é.',
  },
  malformed_query: {
    status: 400,
    meaning: 'The query cannot be decoded: a stray %, or bytes that are not UTF-8.',
    remedy: 'Percent-encode every parameter, in UTF-8.',
  },
  malformed_json: { status: 400, meaning: 'The body is not JSON.', remedy: 'Correct it where the detail points.' },
  malformed_multipart: {
    status: 400,
    meaning: 'The multipart body cannot be read, or its Content-Type names no boundary.',
    remedy: 'Leave the Content-Type to the client that writes the form.',
  },
  duplicate_key: {
    status: 400,
    meaning: 'An object in the body has the same key twice; readers would differ about its value.',
    remedy: 'Send each key once.',
  },
  invalid_utf8: { status: 400, meaning: 'The body is not valid UTF-8.', remedy: 'Send it in UTF-8.' },
  incomplete_body: {
    status: 408,
    meaning: 'The body ended before its length, or took too long to arrive.',
    remedy: 'Send it again.',
  },
  request_timeout: {
    status: 408,
    meaning:
      'The request took too long to arrive: its head more than 10 s, or its body brought less than 20 kB/s over 30 s.',
    remedy: 'Send it again, faster.',
  },
  body_too_large: {
    status: 413,
    meaning: 'The body is larger than is accepted here.',
    remedy: 'Send less; the detail names the limit.',
  },
  headers_too_large: {
    status: 431,
    meaning: 'Request line and headers are larger than 16 kB.',
    remedy: 'Send long content in the body of POST /v1/renders.',
  },
  unsupported_media_type: {
    status: 415,
    meaning: 'The Content-Type is not one that is accepted here.',
    remedy: 'Send one that the detail names.',
  },
  unsupported_content_encoding: {
    status: 415,
    meaning: 'The body is compressed.',
    remedy: 'Send it as it is, without Content-Encoding.',
  },
  method_not_allowed: {
    status: 405,
    meaning: 'The path exists, the method does not.',
    remedy: 'Use one that the Allow header names.',
  },
  logo_too_large: {
    status: 413,
    meaning: 'The logo has more bytes than are accepted.',
    remedy: 'Send a smaller picture; the detail names the limit.',
  },
  logo_too_many_pixels: {
    status: 413,
    meaning: 'The logo has more pixels than are accepted.',
    remedy: 'Scale it down: the symbol shows at most 600 px of it.',
  },
  logo_type: {
    status: 415,
    meaning: 'By its first bytes the logo is no PNG, JPEG or WebP image.',
    remedy: 'Convert it; SVG is not accepted.',
  },
  logo_damaged: {
    status: 422,
    meaning: 'The logo is cut short, broken, or no decoder reads it.',
    remedy: 'Export the picture anew.',
  },
  logo_trailing_data: {
    status: 422,
    meaning: 'Other data follow the image in its file.',
    remedy: 'Export the picture anew.',
  },
  logo_animated: { status: 422, meaning: 'The logo is animated.', remedy: 'Send a still picture.' },
  csv_empty: { status: 422, meaning: 'The file is empty.', remedy: 'Send a CSV with a header and rows.' },
  csv_no_header: {
    status: 422,
    meaning: 'The file begins with a row of empty cells, or has no line.',
    remedy: 'Begin it with the names of the columns, such as url,file.',
  },
  csv_no_rows: { status: 422, meaning: 'The file has a header and no rows.', remedy: 'Add a row for each code.' },
  csv_no_known_column: {
    status: 422,
    meaning: 'The first line names no column that is known.',
    remedy: 'Name the columns; a file without a header must be one column of URLs.',
  },
  csv_no_content_column: {
    status: 422,
    meaning: 'No column, and no field of the request, gives what each row needs.',
    remedy: 'Name the column that has the content: url, text, data; for codes target, and slug or id.',
  },
  csv_column_twice: {
    status: 422,
    meaning: 'Two columns mean the same field.',
    remedy: 'Rename or remove one of them.',
  },
  csv_too_large: { status: 413, meaning: 'The file has too many bytes.', remedy: 'Split it into several batches.' },
  csv_too_many_rows: { status: 413, meaning: 'The file has too many rows.', remedy: 'Split it into several batches.' },
  csv_too_many_columns: { status: 422, meaning: 'The file has too many columns.', remedy: 'Leave out some.' },
  csv_line_too_long: {
    status: 422,
    meaning: 'A row is too long; often a quote is not closed.',
    remedy: 'Look at the line that the detail names.',
  },
  csv_quote_not_closed: {
    status: 422,
    meaning: 'A quoted cell does not end.',
    remedy: 'Close the quote; a quote within one is written twice.',
  },
  csv_malformed: { status: 422, meaning: 'A row cannot be read.', remedy: 'Look at the line that the detail names.' },
  csv_workbook: {
    status: 422,
    meaning: 'The file is a workbook of a spreadsheet, or another ZIP.',
    remedy: 'Save the sheet as "CSV UTF-8".',
  },
  csv_utf16: { status: 422, meaning: 'The file is in UTF-16.', remedy: 'Save it as "CSV UTF-8".' },
  csv_not_utf8: { status: 422, meaning: 'The file is not in UTF-8.', remedy: 'Save it as "CSV UTF-8".' },
  csv_nul: { status: 422, meaning: 'The file has NUL bytes.', remedy: 'Save it as "CSV UTF-8".' },
} as const satisfies Record<string, CodeEntry>;
