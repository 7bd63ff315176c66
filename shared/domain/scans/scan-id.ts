/**
 * Returns the id of a scan: its time in twelve hex digits, so that neighbours in time are neighbours in the ledger's index, then
 * randomness that nobody can guess.
 *
 * @param at ms since 1970
 * @param random 12 unpredictable bytes in base64url
 */
export function scanId(at: number, random: string): string {
  return `scn_${at.toString(16).padStart(12, '0')}${random}`;
}
