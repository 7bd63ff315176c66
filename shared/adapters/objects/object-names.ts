const longestKey = 200;

/**
 * Checks that a key is a relative path of letters, digits, `_`, `-`, `.` whose parts do not begin with a dot, 200 characters at most.
 *
 * @throws Error, since keys are made by us: another one is a bug
 */
export function checkKey(key: string): string {
  const isKey = key.length <= longestKey && /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/.test(key);
  if (!isKey)
    throw new Error(`Object key ${JSON.stringify(key.slice(0, 80))}: expected a relative path of A-Z a-z 0-9 _ - .`);
  return key;
}

/** Checks what keys are listed by: the beginning of a key, or nothing for all. */
export function checkPrefix(prefix: string): string {
  if (prefix !== '') checkKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
  return prefix;
}
