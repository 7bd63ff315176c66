import type { CodeEntry } from '../shared/contract/problems/code-entry.ts';
import { findCode, problemCodes, problemSlug } from '../shared/contract/problems/problem-codes.ts';
import { AppError } from '../shared/errors.ts';
import type { ApiContext, ApiDeps } from './deps.ts';
import { escapeHtml, htmlPage, pagePolicy } from './html-page.ts';

const groups: readonly { title: string; has: (entry: CodeEntry) => boolean }[] = [
  { title: 'Problems', has: ({ status }) => status !== null },
  { title: 'Fields, work and warnings', has: ({ status }) => status === null },
];

/** `/problems` and `/problems/:code`: every code with its meaning and its remedy; the `type` of each problem leads there. */
export function createProblemPages({ config }: Pick<ApiDeps, 'config'>) {
  // Behind a path of another server, PUBLIC_URL has that path.
  const base = new URL(config.publicUrl).pathname.replace(/\/$/, '');
  const listed = listPage(base);

  const answer = (ctx: ApiContext, page: string): void => {
    ctx.set('Content-Security-Policy', pagePolicy);
    ctx.set('Cache-Control', 'public, max-age=3600');
    ctx.type = 'html';
    ctx.body = page;
  };

  return {
    list: (ctx: ApiContext): void => answer(ctx, listed),

    show(ctx: ApiContext): void {
      const slug = ctx.params.code ?? '';
      const code = slug.replaceAll('-', '_');
      const entry = problemSlug(code) === slug ? findCode(code) : null;
      if (entry === null)
        throw new AppError('not-found', 'not_found', 'There is no such code; /problems lists them all');
      answer(ctx, codePage(base, code, entry));
    },
  };
}

function codePage(base: string, code: string, { status, meaning, remedy }: CodeEntry): string {
  const where =
    status === null ? 'It stands within errors, or says why work failed.' : `The status of its answer is ${status}.`;
  const texts = [meaning, remedy, where].map((text) => `<p>${escapeHtml(text)}</p>`).join('');
  return htmlPage({ title: code, body: `${texts}<p><a href="${escapeHtml(base)}/problems">All codes</a></p>` });
}

function listPage(base: string): string {
  const line = ([code, { status, meaning, remedy }]: [string, CodeEntry]): string => {
    const link = `<a href="${escapeHtml(base)}/problems/${problemSlug(code)}"><code>${code}</code></a>`;
    return `<dt>${link}${status === null ? '' : ` · ${status}`}</dt><dd>${escapeHtml(`${meaning} ${remedy}`)}</dd>`;
  };
  const section = ({ title, has }: (typeof groups)[number]): string => {
    const lines = Object.entries(problemCodes).filter(([, entry]) => has(entry));
    return `<h2>${title}</h2><dl>${lines.map(line).join('\n')}</dl>`;
  };
  return htmlPage({ title: 'What the codes of errors mean', body: groups.map(section).join('\n') });
}
