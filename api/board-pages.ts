import { createHash } from 'node:crypto';
import type { ApiContext } from './deps.ts';

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:24rem;margin:15vh auto;padding:0 1.5rem;color:#222;background:#fff}' +
  'h1{font-size:1.4rem}label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}' +
  'input,button{margin:.4rem 0 1rem;padding:.5rem .7rem;border:1px solid #888;border-radius:.3rem}' +
  'button{background:#222;color:#fff;cursor:pointer}.wrong{color:#a40000}';
const styleHash = createHash('sha256').update(style).digest('base64');
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

function answerPage(ctx: ApiContext, title: string, lines: string[]): void {
  ctx.set('Content-Security-Policy', policy);
  ctx.type = 'html';
  ctx.body = [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<meta name="robots" content="noindex"><title>${title} · QRFactory</title><style>${style}</style></head>`,
    `<body><h1>${title}</h1>`,
    ...lines,
    '</body></html>',
    '',
  ].join('\n');
}

/** Answers the form that asks for an operator's key; `wrong` says what was wrong with the one before. */
export function answerSignInPage(ctx: ApiContext, action: string, wrong: string | null): void {
  answerPage(ctx, 'Queues: sign in', [
    ...(wrong === null ? [] : [`<p class="wrong" role="alert">${wrong}</p>`]),
    `<form method="post" action="${action}">`,
    '<label for="key">Operator key</label>',
    '<input id="key" name="key" type="password" required autofocus autocomplete="current-password" spellcheck="false">',
    '<button>Sign in</button></form>',
  ]);
}

/** Answers the button that signs out: a link alone would let any page sign people out. */
export function answerSignOutPage(ctx: ApiContext, action: string, boardPath: string): void {
  answerPage(ctx, 'Queues: sign out', [
    `<form method="post" action="${action}"><button>Sign out</button></form>`,
    `<p><a href="${boardPath}">Back to the queues</a></p>`,
  ]);
}
