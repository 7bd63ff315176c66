const csvDelimiters = [',', ';', '\t'] as const;
export type CsvDelimiter = (typeof csvDelimiters)[number];

/** So much of a file's beginning decides on its shape. */
export const headBytes = 16_384;

/** What the beginning of a file says of its shape. `delimiter` null: every line is one cell. */
export type CsvShape = { delimiter: CsvDelimiter | null; hasHeader: boolean };

/** Counts each delimiter outside quotes in every line of the head; a line break in quotes ends no line. */
function countsByLine(head: string): Record<CsvDelimiter, number>[] {
  const lines: Record<CsvDelimiter, number>[] = [];
  let counts = { ',': 0, ';': 0, '\t': 0 };
  let isQuoted = false;
  let isEmpty = true;
  for (const character of `${head.replaceAll(/\r\n?/g, '\n')}\n`) {
    if (character === '\n' && !isQuoted) {
      if (!isEmpty) lines.push(counts);
      counts = { ',': 0, ';': 0, '\t': 0 };
      isEmpty = true;
      continue;
    }
    isEmpty = false;
    if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && character in counts) counts[character as CsvDelimiter]++;
  }
  return lines;
}

function withoutMark(text: string): string {
  return text.replace(/^\ufeff/, '');
}

/** Longer than a byte order mark, `sep=;` and a line break, bytes. */
export const separatorLineBytes = 16;

/**
 * Takes a first line `sep=;` away, by which Excel names the delimiter: it is no record. Its line break stays, so that lines keep their
 * numbers.
 *
 * @param begin `separatorLineBytes` or more of the file's beginning, or the whole file
 */
export function takeSeparatorLine(begin: Buffer): { named: CsvDelimiter | null; rest: Buffer } {
  const found = /^(?:\xef\xbb\xbf)?"?sep=([,;\t])"?(?=[\r\n])/i.exec(begin.toString('latin1', 0, separatorLineBytes));
  return found === null
    ? { named: null, rest: begin }
    : { named: found[1] as CsvDelimiter, rest: begin.subarray(found[0].length) };
}

/** Whether a line begins as a URL does: then it names no columns. */
function beginsAsUrl(head: string): boolean {
  return /^\s*"?[a-z][a-z0-9+.-]*:\/\/\S/i.test(withoutMark(head));
}

/**
 * Tells from the first lines of a file how its cells are parted and whether its first line names the columns.
 *
 * A first line that begins as a URL is data: one column of URLs, in which commas and semicolons belong to the URLs. Where
 * every line has the same number (not zero) of one delimiter it is a table without a header, which the caller refuses.
 *
 * @param head the first `headBytes` as text, or the whole file
 * @param isWhole false: the last line may be cut and is left out, unless it is the only one
 * @param named the delimiter that the file names itself, which then parts its table
 */
export function shapeOfCsv(head: string, isWhole: boolean, named: CsvDelimiter | null = null): CsvShape {
  if (named !== null && !beginsAsUrl(head)) return { delimiter: named, hasHeader: true };
  const all = countsByLine(withoutMark(head));
  const lines = isWhole || all.length < 2 ? all : all.slice(0, -1);
  const [first] = lines;
  if (first === undefined) return { delimiter: ',', hasHeader: true };
  const most = csvDelimiters.reduce((best, delimiter) => (first[delimiter] > first[best] ? delimiter : best));
  if (!beginsAsUrl(head)) return { delimiter: most, hasHeader: true };
  const isTable = (delimiter: CsvDelimiter): boolean =>
    first[delimiter] > 0 &&
    (lines.length > 1 || delimiter === '\t') &&
    lines.every((counts) => counts[delimiter] === first[delimiter]);
  return { delimiter: csvDelimiters.find(isTable) ?? null, hasHeader: false };
}
