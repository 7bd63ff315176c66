import { jsonPointer } from '../shared/domain/json-pointer.ts';
import { isKeptNumber } from '../shared/domain/kept-number.ts';
import { AppError, shortened } from '../shared/errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

function malformed(code: string, message: string, cause?: unknown): AppError {
  return new AppError('malformed', code, message, { cause });
}

/**
 * Parses a JSON body, refusing what would be read differently by different readers.
 *
 * @throws AppError `malformed` for bytes that are not UTF-8, text that is not JSON (with the position where it is known),
 *   an object with the same key twice; `invalid` for a number that would become another
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
  const fault = findFault(text);
  if (fault !== null) throw 'number' in fault ? numberNotKept(fault) : keyGivenTwice(fault.path);
  return value;
}

/** Tells where reading stopped; V8's message itself would repeat the body. */
function whereItEnds(text: string, message: string): string {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return `: it goes wrong at character ${position}`;
  if (text.trim() === '') return ': it is empty';
  return message.startsWith('Unexpected end') ? `: it ends too early, at character ${text.length}` : '';
}

function numberNotKept({ path, number }: { path: string[]; number: string }): AppError {
  const pointer = jsonPointer(path);
  const what = 'a whole number from -9007199254740991 to 9007199254740991, another number below 1.8e308, or text';
  const detail = `${pointer || 'The body'} must be ${what}: ${shortened(number)} would become another number`;
  const lost = {
    in: 'body',
    pointer,
    name: null,
    code: 'number_not_kept',
    detail,
    received: shortened(number),
  } as const;
  return new AppError('invalid', 'invalid_request', detail, { details: [lost] });
}

function keyGivenTwice(path: string[]): AppError {
  const detail = `The body has the key ${JSON.stringify(path.at(-1))} twice in one object`;
  const pointer = jsonPointer(path);
  const twice = { in: 'body', pointer, name: null, code: 'duplicate_key', detail, received: null } as const;
  return new AppError('malformed', 'duplicate_key', detail, { details: [twice] });
}

/** An object or array that reading is in: the keys seen so far, and the one or the index whose value is being read. */
type Open = { keys: Set<string> | null; at: string | number };

/** The path of a key that stands twice in one object, or of a number that is not kept, with its text. */
type Fault = { path: string[] } | { path: string[]; number: string };

const numberAt = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/iy;

/** Returns the first fault of `text`, which is known to be JSON; else null. */
function findFault(text: string): Fault | null {
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
        if (inner.keys.has(key)) return { path: open.map((each) => String(each.at)) };
        inner.keys.add(key);
      }
      at = end;
    } else if (character === '-' || (character !== undefined && character >= '0' && character <= '9')) {
      numberAt.lastIndex = at;
      const [number = ''] = numberAt.exec(text) ?? [];
      if (!isKeptNumber(number)) return { path: open.map((each) => String(each.at)), number };
      at += number.length - 1;
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
