import { targetProblem } from '../domain/target-rules.ts';
import { AppError } from '../errors.ts';
import { listTexts } from './batch-cells.ts';
import { parseCodeRequest } from './code-request.ts';
import type { ImageOptions } from './image-options.ts';
import { missingColumn, wrongColumn } from './row-error.ts';
import type { Cells, RowInput, RowRules } from './row-input.ts';
import { looksOf } from './row-looks.ts';

/** The names that the fields of a code have as columns, by pointer. */
const codeColumns: Readonly<Record<string, string>> = { title: 'codeTitle', tags: 'codeTags' };

/** Reads a row that makes a dynamic code. @throws AppError that names the columns */
export function readDynamic(cells: Cells, rules: RowRules): RowInput {
  const text = (field: string): string | undefined => cells.get(field)?.[0]?.trim() ?? rules.shared[field];
  const body = {
    target: text('target') ?? '',
    slug: text('slug'),
    title: text('codeTitle'),
    tags: cells.has('codeTags') ? listTexts('codeTags', cells.get('codeTags') ?? []) : undefined,
    externalId: text('externalId'),
    imageOptions: looksOf(cells, rules),
  };
  if (body.target === '') throw missingColumn('target', 'where the code leads to');
  try {
    const code = parseCodeRequest(body, { targets: rules.targets, logoBytes: 0, now: rules.now });
    const { target, slug, title, tags, externalId, imageOptions } = code;
    return { mode: 'dynamic', target, slug, title, tags, externalId, options: imageOptions as ImageOptions };
  } catch (error) {
    throw inTermsOfColumns(error);
  }
}

function inTermsOfColumns(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  const details = error.details.map((detail) => {
    const [first = '', second, third] = (detail.pointer ?? '').split('/').slice(1);
    const logoColumn = third === 'ratio' ? 'logoRatio' : 'logoId';
    const name =
      first !== 'imageOptions' ? (codeColumns[first] ?? first) : second === 'logo' ? logoColumn : (second ?? 'size');
    // Details begin with the field's name as the body has it.
    return { ...detail, in: 'csv' as const, pointer: null, name, detail: detail.detail.replace(/^\S+/, name) };
  });
  return new AppError(error.kind, error.code, details.map(({ detail }) => detail).join(' '), { details, cause: error });
}

/** Reads a row that leads a code elsewhere. @throws AppError that names the columns */
export function readRetarget(cells: Cells, rules: RowRules): RowInput {
  const [id, slug, target] = ['id', 'slug', 'target'].map((field) => cells.get(field)?.[0]?.trim());
  if (id === undefined && slug === undefined) throw missingColumn('slug', 'the slug or the id of a code');
  if (id !== undefined && slug !== undefined)
    throw wrongColumn('id', { code: 'not_allowed', accepted: 'absent when slug is there' }, id);
  if (target === undefined) throw missingColumn('target', 'where the code leads to from now on');
  const problem = targetProblem(target, rules.targets);
  if (problem !== null) throw wrongColumn('target', problem, target);
  return { mode: 'retarget', code: id === undefined ? { slug: (slug as string).toLowerCase() } : { id }, target };
}
