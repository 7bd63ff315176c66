type Node = { [key: string]: unknown };
type Document = { paths: Record<string, Record<string, Node>>; components: unknown };

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const node = (value: unknown): Node => (isNode(value) ? value : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Follows a `$ref` within its document. */
function resolved(document: unknown, value: unknown): Node {
  const { $ref } = node(value);
  if (typeof $ref !== 'string') return node(value);
  const parts = $ref.replace('#/', '').split('/');
  return resolved(
    document,
    parts.reduce<unknown>((at, part) => node(at)[part], document),
  );
}

/** Compares what two documents say at one place. `side` tells who has to cope: senders with what is asked, readers with what comes. */
class Comparison {
  readonly found: string[] = [];
  readonly #before: Document;
  readonly #after: Document;

  constructor(before: Document, after: Document) {
    this.#before = before;
    this.#after = after;
  }

  schema(where: string, side: 'request' | 'answer', before: unknown, after: unknown, depth = 0): void {
    const [old, now] = [resolved(this.#before, before), resolved(this.#after, after)];
    if (depth > 12) return;
    const names = [old, now].map(({ required }) => list(required).map(String));
    const [needed = [], needs = []] = names;
    for (const name of Object.keys(node(old.properties))) {
      if (!Object.hasOwn(node(now.properties), name)) this.found.push(`${where}: the field ${name} is removed`);
      else this.schema(`${where}.${name}`, side, node(old.properties)[name], node(now.properties)[name], depth + 1);
    }
    if (side === 'request')
      for (const name of needs.filter((each) => !needed.includes(each)))
        this.found.push(`${where}: the field ${name} is required now`);
    else
      for (const name of needed.filter((each) => !needs.includes(each) && Object.hasOwn(node(now.properties), each)))
        this.found.push(`${where}: the field ${name} may be absent now`);
    this.#words(where, side, old, now);
    this.#bounds(where, side, old, now);
    if (old.type !== undefined && JSON.stringify(old.type) !== JSON.stringify(now.type))
      this.found.push(`${where}: the type ${JSON.stringify(old.type)} became ${JSON.stringify(now.type)}`);
    if (old.items !== undefined) this.schema(`${where}[]`, side, old.items, now.items, depth + 1);
    for (const key of ['oneOf', 'anyOf', 'allOf'])
      list(old[key]).forEach((part, index) => {
        this.schema(`${where}/${key}/${index}`, side, part, list(now[key])[index], depth + 1);
      });
  }

  #words(where: string, side: 'request' | 'answer', old: Node, now: Node): void {
    const wordsOf = ({ enum: words, const: only }: Node): unknown[] | null =>
      only === undefined ? (Array.isArray(words) ? words : null) : [only];
    const [before, after] = [wordsOf(old), wordsOf(now)];
    if (side === 'request') {
      if (after && !before) this.found.push(`${where}: only certain words are accepted now`);
      for (const word of after && before ? before.filter((each) => !after.includes(each)) : [])
        this.found.push(`${where}: ${JSON.stringify(word)} is accepted no more`);
    } else if (before) {
      // A word that is new is none that readers know; one that has gone may be one that it was renamed from.
      for (const word of before.filter((each) => !after?.includes(each)))
        this.found.push(`${where}: ${JSON.stringify(word)} is answered no more`);
    }
  }

  /** What a request may be is narrower, or what an answer may be is wider, than it was. */
  #bounds(where: string, side: 'request' | 'answer', before: Node, after: Node): void {
    const [wide, narrow] = side === 'request' ? [before, after] : [after, before];
    const verb = side === 'request' ? 'is narrower' : 'is wider';
    const isNarrower = (name: string, sign: 1 | -1): boolean => {
      if (narrow[name] === undefined) return false;
      return wide[name] === undefined || sign * Number(narrow[name]) < sign * Number(wide[name]);
    };
    for (const name of ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'])
      if (isNarrower(name, 1)) this.found.push(`${where}: ${name} ${verb} now`);
    for (const name of ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'])
      if (isNarrower(name, -1)) this.found.push(`${where}: ${name} ${verb} now`);
    for (const name of ['pattern', 'format', 'multipleOf'])
      if (narrow[name] !== undefined && narrow[name] !== wide[name]) this.found.push(`${where}: ${name} ${verb} now`);
  }

  /** Keys that are needed now, or of which no one that was enough is. */
  #security(line: string, before: Node, after: Node): void {
    const [old, now] = [list(before.security), list(after.security)].map((all) =>
      all.map((each) => JSON.stringify(each)),
    );
    const isOpen = (all: string[] = []): boolean => all.length === 0 || all.includes('{}');
    if (isOpen(now)) return;
    const gone = isOpen(old) ? ['{}'] : (old ?? []).filter((each) => !now?.includes(each));
    for (const scheme of gone) this.found.push(`${line}: ${scheme === '{}' ? 'no key' : scheme} is enough no more`);
  }

  #headers(where: string, before: Node, after: Node): void {
    for (const [name, told] of Object.entries(node(before.headers))) {
      const again = node(after.headers)[name];
      const [old, now] = [resolved(this.#before, told), resolved(this.#after, again)];
      if (again === undefined) this.found.push(`${where}: the header ${name} is removed`);
      else if (old.required === true && now.required !== true)
        this.found.push(`${where}: the header ${name} may be absent now`);
    }
  }

  content(where: string, side: 'request' | 'answer', before: unknown, after: unknown): void {
    for (const [type, told] of Object.entries(node(before))) {
      const now = node(after)[type];
      if (now === undefined) this.found.push(`${where}: the content type ${type} is removed`);
      else this.schema(`${where} ${type}`, side, node(told).schema, node(now).schema);
    }
  }

  operation(line: string, before: Node, after: Node): void {
    const parameters = [before, after].map(({ parameters: all }, index) => {
      const told = list(all).map((each) => resolved(index === 0 ? this.#before : this.#after, each));
      return new Map(told.map((each) => [`${each.in} ${each.name}`, each]));
    });
    const [old = new Map<string, Node>(), now = new Map<string, Node>()] = parameters;
    for (const [name, told] of old) {
      const again = now.get(name);
      if (again === undefined) this.found.push(`${line}: the parameter ${name} is removed`);
      else this.schema(`${line} ${name}`, 'request', told.schema, again.schema);
    }
    for (const [name, told] of now)
      if (told.required === true && old.get(name)?.required !== true)
        this.found.push(`${line}: the parameter ${name} is required now`);
    this.content(`${line} body`, 'request', node(before.requestBody).content, node(after.requestBody).content);
    if (node(before.requestBody).required !== true && node(after.requestBody).required === true)
      this.found.push(`${line}: a body is required now`);
    this.#security(line, before, after);
    for (const [status, told] of Object.entries(node(before.responses))) {
      const again = node(after.responses)[status];
      if (again === undefined) this.found.push(`${line}: the status ${status} is removed`);
      else {
        const [was, is] = [resolved(this.#before, told), resolved(this.#after, again)];
        this.content(`${line} ${status}`, 'answer', was.content, is.content);
        this.#headers(`${line} ${status}`, was, is);
      }
    }
  }
}

/**
 * Returns what a client of the first document could not bear of the second, a line for each: what was removed (path, parameter, field,
 * status, content type, header, word), what is required now (a key too), what has another type or other bounds.
 */
export function breakingChanges(before: Document, after: Document): string[] {
  const comparison = new Comparison(before, after);
  for (const [path, methods] of Object.entries(before.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const now = after.paths[path]?.[method];
      const line = `${method.toUpperCase()} ${path}`;
      if (now === undefined) comparison.found.push(`${line} is removed`);
      else comparison.operation(line, operation, now);
    }
  return comparison.found;
}
