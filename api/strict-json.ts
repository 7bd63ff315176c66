import { AppError } from '../shared/errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

function malformed(code: string, message: string, cause?: unknown): AppError {
  return new AppError('malformed', code, message, { cause });
}

/**
 * Parses a JSON body, refusing what would be read differently by different readers.
 *
 * @throws AppError `malformed` for bytes that are not UTF-8, text that is not JSON (with the position where it is known)
 *   and an object with the same key twice
 */
export function parseStrictJson(bytes: Buffer): unknown {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw malformed('invalid_utf8', 'The body is not valid UTF-8', cause);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw malformed('malformed_json', `The body is not JSON${whereItEnds(text, (error as Error).message)}`);
  }
  const twice = duplicateKey(text);
  if (twice !== null)
    throw malformed('duplicate_key', `The body has the key ${JSON.stringify(twice)} twice in one object`);
  return value;
}

/** Tells where reading stopped; V8's message itself would repeat the body. */
function whereItEnds(text: string, message: string): string {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return `: it goes wrong at character ${position}`;
  if (text.trim() === '') return ': it is empty';
  return message.startsWith('Unexpected end') ? `: it ends too early, at character ${text.length}` : '';
}

/** Returns the first key that stands twice in one object of `text`, which is known to be JSON; else null. */
function duplicateKey(text: string): string | null {
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(null);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfString(text, at);
      const keys = open.at(-1);
      if (keys && isFollowedByColon(text, end)) {
        const key = JSON.parse(text.slice(at, end + 1)) as string;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      at = end;
    }
  }
  return null;
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}

function isFollowedByColon(text: string, end: number): boolean {
  let at = end + 1;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++;
  return text[at] === ':';
}
