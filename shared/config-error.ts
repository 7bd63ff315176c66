export type ConfigProblem = { variable: string; value: string | null; expected: string };

/** The exit code of a process whose configuration is wrong. */
export const wrongConfigurationExit = 2;

/** Tells every mistake of a configuration at once: variable, value (never a secret's) and what is accepted. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: ConfigProblem[];

  constructor(problems: ConfigProblem[]) {
    const lines = problems.map(({ variable, value, expected }) =>
      value === null
        ? `  ${variable} is missing: expected ${expected}`
        : `  ${variable}=${JSON.stringify(value)}: expected ${expected}`,
    );
    super(`The configuration has ${problems.length} mistake(s):\n${lines.join('\n')}`);
    this.problems = problems;
  }
}
