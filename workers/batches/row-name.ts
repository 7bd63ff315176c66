import type { RowInput } from '../../shared/contract/row-input.ts';
import type { FileNames } from '../../shared/domain/batches/file-name.ts';
import { encodeContent } from '../../shared/domain/content/encode-content.ts';
import type { ImageFormat } from '../../shared/domain/render-spec.ts';

type Named = { name: string | null; file: string | null; row: number; input: RowInput | null };

/** Contents whose beginning tells one from another; of others the encoded text begins alike, or holds a password. */
function tellingText(input: RowInput): string {
  if (input.mode !== 'static') return input.target;
  const { content } = input.spec;
  if (content.type === 'wifi') return content.ssid;
  if (content.type === 'vcard')
    return [content.firstName, content.lastName, content.organization].filter(Boolean).join(' ');
  if (content.type === 'event') return content.title;
  return encodeContent(content);
}

/** Names the image of a row; null when the row makes none. */
export function nameOf(names: FileNames, { name, file, row, input }: Named): string | null {
  if (input === null || input.mode === 'retarget') return null;
  const format: ImageFormat = input.mode === 'static' ? input.spec.format : (input.options.format ?? 'png');
  return names.next({ file, name, content: tellingText(input), row, format });
}
