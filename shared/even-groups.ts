/** Lines that came one behind the other, and share a promise. */
type Bundle = { lines: string[]; written: Promise<void>; resolve: () => void; reject: (error: unknown) => void };

const bundleLines = 8;

/** What is written together, and whom that is told to. */
export type Group = { lines: string[]; resolve: () => void; reject: (error: unknown) => void };

/**
 * Lets lines wait, and hands them on in groups of even size: as many as wait, or half of these and the last group together when
 * that is less. Groups of one size keep disk and processor at work side by side; one line and all others in turn, into which
 * callers that wait for their answer fall, leave each waiting for the other.
 */
export class EvenGroups {
  readonly #most: number;
  readonly #bundle: number;
  readonly #waiting: Bundle[] = [];
  #waitingLines = 0;
  #lastLines = 0;

  /** @param most lines in a group, 1 or more */
  constructor(most: number) {
    this.#most = most;
    this.#bundle = Math.min(bundleLines, most);
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Answers what settles with the line's group. */
  add(line: string): Promise<void> {
    let bundle = this.#waiting.at(-1);
    if (bundle === undefined || bundle.lines.length >= this.#bundle) {
      bundle = newBundle();
      this.#waiting.push(bundle);
    }
    bundle.lines.push(line);
    this.#waitingLines++;
    return bundle.written;
  }

  /** Takes the next group, of whole bundles; empty when nothing waits. */
  take(): Group {
    const even = Math.ceil((this.#lastLines + this.#waitingLines) / 2 / this.#bundle);
    const most = Math.floor(this.#most / this.#bundle);
    const bundles = this.#waiting.splice(0, Math.min(even, most));
    const lines = bundles.flatMap((bundle) => bundle.lines);
    this.#lastLines = lines.length;
    this.#waitingLines -= lines.length;
    return {
      lines,
      resolve() {
        for (const { resolve } of bundles) resolve();
      },
      reject(error) {
        for (const { reject } of bundles) reject(error);
      },
    };
  }
}

function newBundle(): Bundle {
  let settle: Pick<Bundle, 'resolve' | 'reject'> | null = null;
  const written = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { lines: [], written, ...(settle as unknown as Pick<Bundle, 'resolve' | 'reject'>) };
}
