/** Returns the mark of something that is to be told: in the order of time, and never the same twice. */
export function newMark(now: number, lot: string): string {
  return `${String(now).padStart(14, '0')}-${lot}`;
}
