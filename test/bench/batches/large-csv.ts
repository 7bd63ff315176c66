/** A CSV of `rows` rows with a URL of its own each; a column that nobody knows fills it up to about `sizeBytes`. */
export function largeCsv(rows: number, sizeBytes = 0): Buffer {
  const fill = 'words of a note, with "quotes" ';
  const lines = ['name,url,note'];
  for (let row = 1; row <= rows; row++) {
    const facts = `Item ${row},https://example.com/menu/${row}?table=${row % 97},`;
    const missing = Math.max(0, Math.floor(sizeBytes / rows) - facts.length - 4);
    const note = fill
      .repeat(Math.ceil(missing / fill.length))
      .slice(0, missing)
      .replaceAll('"', "'");
    lines.push(missing > 0 ? `${facts}"${note}"` : facts);
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}
