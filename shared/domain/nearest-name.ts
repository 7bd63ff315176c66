/** Returns how many letters must be put in, taken out, exchanged or swapped to make one name of the other. */
function distance(from: string, to: string): number {
  const table: number[][] = [Array.from({ length: to.length + 1 }, (_, index) => index)];
  const at = (row: number, column: number): number => table[row]?.[column] ?? 0;
  for (let row = 1; row <= from.length; row++) {
    table.push([row]);
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const cheapest = Math.min(
        at(row - 1, column - 1) + (isSame ? 0 : 1),
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        isSwapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
      table[row]?.push(cheapest);
    }
  }
  return at(from.length, to.length);
}

/** Returns the accepted name that was probably meant, or null: case and separators aside, a third of it may differ. */
export function nearestName(name: string, accepted: readonly string[]): string | null {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  // Longer than any name by far: not worth comparing letter by letter.
  if (name.length > 64) return null;
  let best: { name: string; distance: number } | null = null;
  for (const candidate of accepted) {
    const apart = distance(plain(name), plain(candidate));
    if (apart <= candidate.length / 3 && (best === null || apart < best.distance))
      best = { name: candidate, distance: apart };
  }
  return best?.name ?? null;
}
