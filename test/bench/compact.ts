import { planSymbol } from '../../shared/domain/plan-symbol.ts';
import { errorCorrectionLevels } from '../../shared/domain/render-spec.ts';
import { encodedTextOf } from '../../shared/domain/short-url.ts';
import type { SymbolPlan } from '../../shared/domain/symbol.ts';

/** From the shortest host that one can have to a long one. */
const origins = [
  'https://x.test',
  'https://q.acme.test',
  'https://q.example.com',
  'https://go.example-company.com',
  'https://links.department.example-company.co.uk',
];

/** One as we make them, and one of somebody's own. */
const slugs = ['ab3de9xk', 'spring-menu-table-12'];

function planOf(text: string, level: SymbolPlan['errorCorrection']): SymbolPlan {
  const plan = planSymbol(text, level);
  if ('tooLong' in plan) throw new Error(`no symbol holds ${text}`);
  return plan;
}

const sizeOf = ({ version, modules }: SymbolPlan): string => `v${version} ${modules}×${modules}`;

/** Prints how many modules the short URL takes in upper case (alphanumeric mode) and as shown; fails if it ever takes more. */
export async function compact(): Promise<void> {
  let smaller = 0;
  let symbols = 0;
  for (const slug of slugs) {
    const rows: Record<string, Record<string, string>> = {};
    for (const shortOrigin of origins)
      for (const level of errorCorrectionLevels) {
        const code = { shortOrigin, slug };
        const [upper, shown] = [planOf(encodedTextOf(code), level), planOf(encodedTextOf(code, false), level)];
        if (upper.modules > shown.modules)
          throw new Error(`${encodedTextOf(code)} is larger in upper case at level ${level}`);
        symbols++;
        if (upper.modules < shown.modules) smaller++;
        const saved = 1 - upper.modules ** 2 / shown.modules ** 2;
        const length = encodedTextOf(code).length;
        rows[`${shortOrigin} ${level}`] = {
          characters: String(length),
          'upper case': sizeOf(upper),
          'as shown': sizeOf(shown),
          'modules saved': `${shown.modules ** 2 - upper.modules ** 2} (${Math.round(saved * 100)} %)`,
        };
      }
    console.log(`\nThe slug ${slug}`);
    console.table(rows);
  }
  console.log(`\n${smaller} of ${symbols} symbols are smaller in upper case, none is larger`);
}
