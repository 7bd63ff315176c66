/** What the reference says before its operations. */
export const introduction = `Static and dynamic QR codes, batches, scans and webhooks.

* Keys go in \`Authorization: Bearer qrf_…\`. Times are RFC 3339 in UTC; ids cannot be guessed; what is absent is \`null\`.
* Errors are problems (RFC 9457) with a stable \`code\`; \`type\` leads to its page, and \`errors\` names each field. Every
  code is listed at [/problems](/problems). A path that is not there is \`404 not_found\`, a method that a path lacks
  \`405 method_not_allowed\` with \`Allow\`.
* Every GET answers HEAD too. Fields may be added to answers; none is renamed or removed.
* A POST that makes something takes an \`Idempotency-Key\`: what comes again with it is answered with the same thing.
* Lists have \`limit\` (1 to 200) and an opaque \`cursor\`; \`nextCursor\`, also in \`Link\`, leads on until it is null.`;

export const securitySchemes = {
  key: { type: 'http', scheme: 'bearer', description: 'An API key, `qrf_…`.' },
};

/** Groups of operations, in the order in which they are shown. */
export const tags = [
  { name: 'Images', description: 'One call, one image: made for `<img src>`.' },
  { name: 'Renders', description: 'Static codes that are made, kept and listed.' },
  { name: 'Logos', description: 'Pictures for the centre of a symbol.' },
  { name: 'Codes', description: 'Dynamic codes: their target can be changed after they are printed.' },
  { name: 'Scans', description: 'Who opened codes, when and where. IP Geolocation by DB-IP (CC-BY 4.0).' },
  { name: 'Batches', description: 'A CSV becomes a ZIP of images.' },
  { name: 'Access', description: 'Tenants and their API keys.' },
  { name: 'Webhooks', description: 'Endpoints that are told what happened (Standard Webhooks 1.0).' },
  { name: 'Access', description: 'Who may do what, who did what, and what was used.' },
  { name: 'Service', description: 'Health, and this reference.' },
];
