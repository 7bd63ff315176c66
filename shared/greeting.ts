import { isAbsolute, join, relative } from 'node:path';

export type Greeting = {
  /** Where the API listens, as it says. */
  address: string;
  dataDir: string;
  workingDir: string;
  /** The key itself when it was made just now, the file (whole path) that holds it, or the variable that gave it. */
  key: { made: string; file: string } | { file: string } | { variable: string };
};

/** Returns what `npm start` tells the person in front of it: address, data, key, and a curl line that works as pasted. */
export function greetingOf({ address, dataDir, workingDir, key }: Greeting): string {
  const shown = (path: string): string => shortest(path, workingDir);
  return [
    '',
    `QRFactory is running at ${address}`,
    `  data     ${shown(dataDir)}`,
    `  API key  ${keyLine(key, shown)}`,
    '',
    'Try it:',
    '',
    `  ${curlLine(reachable(address), bearer(key))}`,
    '',
    '',
  ].join('\n');
}

function keyLine(key: Greeting['key'], shown: (path: string) => string): string {
  if ('made' in key) return `${key.made}  (shown this once; it also lies in ${shown(key.file)})`;
  return 'file' in key ? `in ${shown(key.file)}` : `the one in ${key.variable}`;
}

/** With the whole path: the line is pasted wherever a shell happens to be. */
function bearer(key: Greeting['key']): string {
  if ('made' in key) return key.made;
  return 'file' in key ? `$(cat ${inDoubleQuotes(key.file)})` : `$${key.variable}`;
}

function curlLine(address: string, key: string): string {
  return [
    `curl -fsS ${address}/v1/renders`,
    `-H "Authorization: Bearer ${key}"`,
    "-H 'Content-Type: application/json' -H 'Accept: image/png'",
    `-d '{"content":{"type":"url","url":"https://example.com"}}'`,
    '-o hello.png',
  ].join(' ');
}

/** An address that listens everywhere is reached from here by the loopback one. */
function reachable(address: string): string {
  return address.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

function shortest(path: string, workingDir: string): string {
  const below = relative(workingDir, path);
  return below === '' || below.startsWith('..') || isAbsolute(below) ? path : join('.', below);
}

/** Quotes a path for a POSIX shell where `$(…)` stands in double quotes itself. */
function inDoubleQuotes(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
