import type { BatchMode } from '../domain/batches/batch-mode.ts';
import { type CsvLayout, plainName } from './batch-columns.ts';

/** Names of columns that speak of a code, and that rows of a mode do not read. Everyday words (`id`, `slug`, `tags`) mean nothing without one. */
const unreadNames: Record<BatchMode, readonly string[]> = {
  static: ['target', 'codeTitle', 'codeTags', 'fallbackTarget', 'expiresAt', 'forwardQuery'],
  dynamic: ['fallbackTarget', 'expiresAt', 'forwardQuery'],
  retarget: ['codeTitle', 'codeTags', 'fallbackTarget', 'expiresAt', 'forwardQuery'],
};

const remedies: Record<BatchMode, string> = {
  static: 'mode dynamic makes codes, which have a target',
  dynamic: 'PATCH the codes that were made to set it',
  retarget: 'only the target is changed; PATCH the codes to set it',
};

/** Says which columns of a batch's file its mode does not read although they look like those of a code. */
export function unreadColumnWarnings({ columns }: CsvLayout, mode: BatchMode): { code: string; detail: string }[] {
  const unread = new Set(unreadNames[mode].map(plainName));
  return columns
    .filter(({ name }) => unread.has(plainName(name)))
    .map(({ name }) => ({
      code: 'column_not_read',
      detail: `The column "${name.slice(0, 40)}" is not read with mode ${mode}: ${remedies[mode]}; it goes into the manifest as it came`,
    }));
}
