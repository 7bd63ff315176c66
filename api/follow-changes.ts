import type { CodeLookup } from './code-lookup.ts';
import type { KnownCode } from './known-code.ts';

type Needs = { lookup: Pick<CodeLookup, 'renew'>; note: (code: KnownCode) => void };

/**
 * Follows what other processes say that they changed: codes that are known here are looked up one after the other, and `note` is
 * called with each that was changed indeed.
 */
export function createChangeFollower({ lookup, note }: Needs): (slugs: readonly string[]) => void {
  const waiting = new Set<string>();
  let isAtWork = false;
  const work = async (): Promise<void> => {
    isAtWork = true;
    for (const slug of waiting) {
      waiting.delete(slug);
      const code = await lookup.renew(slug);
      if (code !== null) note(code);
    }
    isAtWork = false;
  };
  return (slugs) => {
    for (const slug of slugs) waiting.add(slug);
    if (!isAtWork) void work();
  };
}
