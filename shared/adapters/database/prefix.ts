/** Returns a text behind every text that begins with `prefix`, in the order of code points. */
export const behindPrefix = (prefix: string): string => `${prefix}\u{10FFFF}`;
