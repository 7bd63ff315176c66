import type { BatchMode } from '../domain/batches/batch-mode.ts';
import { type CsvLayout, plainName } from './batch-columns.ts';

const rowFields = ['target', 'codeTitle', 'codeTags'];
const codeFields = ['fallbackTarget', 'expiresAt', 'forwardQuery'];

/** Names of columns that speak of a code, and that rows of a mode do not read. Everyday words (`id`, `slug`, `tags`) mean nothing without one. */
const unreadNames: Record<BatchMode, readonly string[]> = {
  static: [...rowFields, ...codeFields],
  dynamic: ['title', ...codeFields],
  retarget: ['codeTitle', 'codeTags', ...codeFields],
};

function remedyOf(plain: string, mode: BatchMode): string {
  if (plain === 'title') return 'call it codeTitle if it is for the codes';
  if (mode === 'retarget') return 'only the target is changed; PATCH the codes';
  if (mode === 'dynamic') return 'PATCH the codes that were made';
  const isOfRow = rowFields.map(plainName).includes(plain);
  return isOfRow ? 'mode dynamic makes codes of rows' : 'make codes with mode dynamic, and PATCH them';
}

/** Says which columns of a batch's file its mode does not read although they look like those of a code. */
export function unreadColumnWarnings({ columns }: CsvLayout, mode: BatchMode): { code: string; detail: string }[] {
  const unread = new Set(unreadNames[mode].map(plainName));
  return columns.flatMap(({ name }) => {
    const plain = plainName(name);
    if (!unread.has(plain)) return [];
    const detail = `The column "${name.slice(0, 40)}" is not read with mode ${mode}: ${remedyOf(plain, mode)}; it goes into the manifest as it came`;
    return [{ code: 'column_not_read', detail }];
  });
}
