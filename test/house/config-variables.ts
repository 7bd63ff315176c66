/** One variable as config.ts reads it. */
export type ConfigVariable = { name: string; hasFile: boolean; initial: string | null };

const readerCall =
  /read\.(text|integer|flag|oneOf|httpUrl|serverUrl|secret)(?:<\w+>)?\(\s*'([A-Z0-9_]+)'(?:,\s*([^;]*?))?\)(?:\s*\?\?\s*([^,;)]+))?/g;

function product(expression: string): string {
  const factors = expression.split('*').map((factor) => Number(factor.trim().replaceAll('_', '')));
  return String(factors.reduce((left, right) => left * right, 1));
}

function initialOf(reader: string, options: string, fallback: string | undefined): string | null {
  if (reader === 'integer') {
    const initial = /initial: ([^,}]+)/.exec(options)?.[1]?.trim() ?? '';
    return /^[\d_ *]+$/.test(initial) ? product(initial) : initial;
  }
  if (reader === 'flag') return options.trim();
  if (reader === 'oneOf') return /'([^']*)'\s*$/.exec(options)?.[1] ?? null;
  return fallback?.trim().replace(/^['`]|['`]$/g, '') ?? null;
}

/** Finds every variable that the text of config.ts reads, with its default as it stands there. */
export function configVariables(text: string): ConfigVariable[] {
  return [...text.matchAll(readerCall)].map(([, reader, name, options, fallback]) => ({
    name: name as string,
    hasFile: reader === 'secret' || reader === 'serverUrl',
    initial: initialOf(reader as string, options ?? '', fallback),
  }));
}

/** Tells which variable each property of the configuration is read from, by the text of config.ts; of several the first. */
export function namesOfProperties(text: string): Map<string, string> {
  const direct = text.matchAll(/(\w+)(?::| =) read\.\w+(?:<\w+>)?\(\s*'([A-Z0-9_]+)'/g);
  const byFunction = [...text.matchAll(/(\w+): (read\w+)\(read\b/g)].map(([, property, reader]) => {
    const body = text.slice(text.indexOf(`function ${reader}(`));
    return ['', property, /read\.\w+\('([A-Z0-9_]+)'/.exec(body)?.[1]];
  });
  return new Map([...direct, ...byFunction].map(([, property = '', name = '']) => [property, name]));
}
