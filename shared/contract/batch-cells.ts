import { flagFields, flatValue, numberFields } from './flat-fields.ts';

/*
 * Cells as spreadsheets write them: TRUE for true, a comma in decimal numbers, PNG for png, several addresses in one cell.
 */

const flags: Readonly<Record<string, string>> = {
  true: 'true',
  yes: 'true',
  '1': 'true',
  false: 'false',
  no: 'false',
  '0': 'false',
};
const lowerFields = new Set(['type', 'format', 'background', 'foreground']);
const securities: Readonly<Record<string, string>> = {
  wpa: 'WPA',
  wpa2: 'WPA',
  wpa3: 'WPA3',
  wep: 'WEP',
  nopass: 'nopass',
  none: 'nopass',
};

/** Returns a cell's value for the schema of its field; what it cannot be read as stays a text, for the schema to refuse. */
export function tableValue(field: string, text: string): string | number | boolean {
  const trimmed = text.trim();
  if (flagFields.has(field)) return flatValue(field, flags[trimmed.toLowerCase()] ?? trimmed);
  if (numberFields.has(field))
    return flatValue(field, trimmed.replace(/^([+-]?\d+),(\d+)$/, '$1.$2').replace(/^\+/, ''));
  if (lowerFields.has(field)) return trimmed.toLowerCase();
  if (field === 'errorCorrection') return trimmed.toUpperCase();
  if (field === 'security') return securities[trimmed.toLowerCase()] ?? trimmed;
  return text;
}

const addressFields = new Set(['email', 'to', 'cc', 'bcc', 'codeTags']);

/** Returns the entries of a list's cells: parted by semicolons, bars or line breaks, and by commas where none can be meant. */
export function listTexts(field: string, cells: readonly string[]): string[] {
  const separator = addressFields.has(field) ? /[;|,\r\n]+/ : /[;|\r\n]+/;
  return cells
    .flatMap((cell) => cell.split(separator))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
