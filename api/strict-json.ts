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
  if (twice !== null) throw keyGivenTwice(twice);
  return value;
}

/** Tells where reading stopped; V8's message itself would repeat the body. */
function whereItEnds(text: string, message: string): string {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return `: it goes wrong at character ${position}`;
  if (text.trim() === '') return ': it is empty';
  return message.startsWith('Unexpected end') ? `: it ends too early, at character ${text.length}` : '';
}

function keyGivenTwice(path: string[]): AppError {
  const detail = `The body has the key ${JSON.stringify(path.at(-1))} twice in one object`;
  const pointer = path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  const twice = { in: 'body', pointer, name: null, code: 'duplicate_key', detail, received: null } as const;
  return new AppError('malformed', 'duplicate_key', detail, { details: [twice] });
}

/** An object or array that reading is in: the keys seen so far, and the one or the index whose value is being read. */
type Open = { keys: Set<string> | null; at: string | number };

/** Returns the path (RFC 6901) of the first key that stands twice in one object of `text`, which is known to be JSON; else null. */
function duplicateKey(text: string): string[] | null {
  const open: Open[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    const inner = open.at(-1);
    if (character === '{') open.push({ keys: new Set(), at: '' });
    else if (character === '[') open.push({ keys: null, at: 0 });
    else if (character === '}' || character === ']') open.pop();
    else if (character === ',' && inner?.keys === null) inner.at = Number(inner.at) + 1;
    else if (character === '"') {
      const end = endOfString(text, at);
      if (inner?.keys && isFollowedByColon(text, end)) {
        const key = JSON.parse(text.slice(at, end + 1)) as string;
        inner.at = key;
        if (inner.keys.has(key)) return open.map((each) => String(each.at));
        inner.keys.add(key);
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
