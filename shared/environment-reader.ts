import { readFileSync } from 'node:fs';
import type { ConfigProblem } from './config-error.ts';

export type Environment = Record<string, string | undefined>;

export type EnvironmentReader = ReturnType<typeof createEnvironmentReader>;

/**
 * Reads variables one by one and gathers in `problems` what is wrong with them instead of throwing at the first. An absent or
 * blank variable has its `initial` value, or null where there is none.
 */
export function createEnvironmentReader(env: Environment) {
  const problems: ConfigProblem[] = [];
  const raw = (variable: string): string | null => {
    const value = env[variable]?.trim();
    return value === undefined || value === '' ? null : value;
  };
  const wrong = (variable: string, value: string | null, expected: string): void => {
    problems.push({ variable, value, expected });
  };

  return {
    problems,
    wrong,
    text: (variable: string): string | null => raw(variable),
    integer(variable: string, { initial, min, max }: { initial: number; min: number; max: number }): number {
      const value = raw(variable);
      if (value === null) return initial;
      const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
      if (number >= min && number <= max) return number;
      wrong(variable, value, `a whole number from ${min} to ${max}`);
      return initial;
    },
    flag(variable: string, initial: boolean): boolean {
      const value = raw(variable);
      if (value === null) return initial;
      if (value === 'true' || value === 'false') return value === 'true';
      wrong(variable, value, 'true or false');
      return initial;
    },
    oneOf<Choice extends string>(variable: string, choices: readonly Choice[], initial: Choice): Choice {
      const value = raw(variable);
      if (value === null) return initial;
      if ((choices as readonly string[]).includes(value)) return value as Choice;
      wrong(variable, value, `one of ${choices.join(', ')}`);
      return initial;
    },
    /** Reads a public or private base URL: origin and perhaps a path, nothing behind it; trailing slashes go. */
    httpUrl(variable: string): string | null {
      const value = raw(variable);
      if (value === null) return null;
      const url = /^https?:\/\//i.test(value) && URL.canParse(value) ? new URL(value) : null;
      if (url && url.username + url.password + url.search + url.hash === '') return url.href.replace(/\/+$/, '');
      wrong(variable, withoutPassword(value), 'a URL that begins with http:// or https://, without user, ? and #');
      return null;
    },
    /** Reads `NAME`, or the file that `NAME_FILE` names: such a URL may hold a password, and several hosts. */
    serverUrl(variable: string, protocols: string[]): string | null {
      const { value, file } = valueOrFile(variable);
      if (value === null) return null;
      if (protocols.some((protocol) => value.startsWith(protocol) && /^[^\s/?#]/.test(value.slice(protocol.length))))
        return value;
      wrongSecret(
        variable,
        file,
        withoutPassword(value),
        `a URL that begins with ${protocols.join(' or ')} and a host`,
      );
      return null;
    },
    /** Reads `NAME`, or the file that `NAME_FILE` names; the value itself never appears in a problem. */
    secret(variable: string, { minLength }: { minLength: number }): string | null {
      const { value, file } = valueOrFile(variable);
      if (value === null) return null;
      if (value.length >= minLength && /^[\x21-\x7e]+$/.test(value)) return value;
      const expected = `at least ${minLength} printable characters without spaces`;
      wrongSecret(variable, file, `(${value.length} characters)`, expected);
      return null;
    },
  };

  /** `file`: where the value stands, when it is not in the variable itself. */
  function valueOrFile(variable: string): { value: string | null; file: string | null } {
    const value = raw(variable);
    const file = value === null ? raw(`${variable}_FILE`) : null;
    return file === null ? { value, file } : { value: readSecretFile(`${variable}_FILE`, file), file };
  }

  /** Names what was set: the variable, or that of its file, and which file. */
  function wrongSecret(variable: string, file: string | null, shown: string, expected: string): void {
    if (file === null) wrong(variable, shown, expected);
    else wrong(`${variable}_FILE`, file, `a file that holds ${expected}, not ${shown === '' ? 'nothing' : shown}`);
  }

  function readSecretFile(variable: string, path: string): string | null {
    try {
      return readFileSync(path, 'utf8').trim();
    } catch (error) {
      wrong(variable, path, `a file that can be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
      return null;
    }
  }
}

/** Shows a URL without what may be secret in it: user and password, and what follows the question mark. */
function withoutPassword(url: string): string {
  return url.replace(/^([a-z0-9+.-]+:\/\/)?.*@/i, '$1…@').replace(/\?.*$/, '?…');
}
