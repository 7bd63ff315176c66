/**
 * Cuts a page from what a list found when it was asked for one row more than the page has.
 *
 * @returns the page's rows, and the last of them when there are more behind it: there the next page begins
 */
export function cutPage<Row>(found: readonly Row[], limit: number): { rows: Row[]; last: Row | null } {
  const rows = found.slice(0, limit);
  return { rows, last: found.length > limit ? (rows.at(-1) ?? null) : null };
}
