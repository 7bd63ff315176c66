import { describe, expect, it } from 'vitest';
import { findCode, problemCodes, problemSlug } from '../../shared/contract/problems/problem-codes.ts';
import { sourceFiles } from './source-files.ts';

/** How codes are written down where an error is made. */
const places = [
  /new AppError\(\s*'[a-z-]+',\s*'(\w+)'/g,
  /\bunavailable\(\s*'(\w+)'/g,
  /\bcode(?:: | = |: string = )'(\w+)'(?! in\b)/g,
  /\b(?:because|csvError|entry|issue|malformed|missing|problem|refuse|refused|wrong|wrongField|wrongHeader|wrongVersion)\((?:[\w.'/ -]+, )?'([a-z]\w*_\w+)'/g,
];

/** Codes of messages for whoever starts the service, which no answer carries, and a code of zod's. */
const notTold = new Set(
  'folder_in_use redis_still_running redis_not_installed redis_not_found redis_not_started store_away_at_start database_version port_taken unknown_job invalid_job custom'.split(
    ' ',
  ),
);

function codesIn(text: string): string[] {
  return places.flatMap((place) => [...text.matchAll(place)].map(([, code]) => code as string));
}

describe('the codes of errors', () => {
  it('are all in the list, with what they mean and what to do', () => {
    const files = sourceFiles().filter(({ path }) => /^(?!shared\/contract\/problems|workers\/admin).*\//.test(path));
    const unlisted = files.flatMap(({ path, text }) =>
      codesIn(text)
        .filter((code) => findCode(code) === null && !notTold.has(code))
        .map((code) => `${path}: ${code}`),
    );
    expect(files.flatMap(({ text }) => codesIn(text)).length).toBeGreaterThan(100);
    expect(unlisted, 'describe them in shared/contract/problems/').toEqual([]);
  });

  it('are found however an error is made', () => {
    const text = [
      `throw new AppError('conflict', 'code_a', 'text');`,
      `return new AppError(\n    'conflict',\n    'code_b',`,
      `throw unavailable('code_c', 'text');`,
      `details: [{ in: 'body', code: 'code_d' }]`,
      `const code = 'code_e';`,
      `read.refuse('choe', 'code_f', 'text')`,
      `wrongField(name, 'code_g', 'text')`,
      `throw csvError('code_h', 'text');`,
    ].join('\n');
    expect(codesIn(text).sort()).toEqual('abcdefgh'.split('').map((letter) => `code_${letter}`));
  });

  it('have words that end, and pages of their own', () => {
    for (const [code, { meaning, remedy }] of Object.entries(problemCodes)) {
      expect(meaning, code).toMatch(/^[A-Z].*[.]$/);
      expect(remedy, code).toMatch(/^[A-Z].*[.]$/);
    }
    const slugs = Object.keys(problemCodes).map(problemSlug);
    expect(new Set(slugs).size).toBe(slugs.length);
  });
});
