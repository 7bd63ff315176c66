/** Returns the variables under which one of our processes, and all that it starts, has a clock that goes wrong by `byMs`. */
export function skewedClock(byMs: number): Record<string, string> {
  const script = `
    const True = Date;
    const now = () => True.now() + ${byMs};
    globalThis.Date = class Date extends True {
      constructor(...given) { if (given.length === 0) super(now()); else super(...given); }
      static now() { return now(); }
    };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
}
