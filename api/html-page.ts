import { createHash } from 'node:crypto';

const style = [
  'body{font:1.1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:12vh auto;padding:0 1.5rem;color:#222;background:#fff}',
  'h1{font-size:1.5rem}dt{font-weight:600;margin-top:1rem}dd{margin:0}code{font-size:.95em}a{color:#0b57d0}',
].join('');

/** What a page of ours may do: nothing but look as it looks. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; frame-ancestors 'none'`;

/** Writes a text so that it stands in HTML as it is. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Returns a small page for people, which needs `pagePolicy`. @param body HTML, whose texts are escaped */
export function htmlPage({ title, body }: { title: string; body: string }): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<meta name="robots" content="noindex"><title>${escapeHtml(title)}</title><style>${style}</style></head>`,
    `<body><h1>${escapeHtml(title)}</h1>${body}</body></html>`,
    '',
  ].join('\n');
}
