/** What a code means and what to do about it, for people. */
export type CodeEntry = {
  /** The status that a problem with this code has; null: it is only told of fields, work or in warnings. */
  status: number | null;
  meaning: string;
  remedy: string;
};

/** Makes the entry of a code that no problem has. */
export function onlyTold(meaning: string, remedy: string): CodeEntry {
  return { status: null, meaning, remedy };
}
