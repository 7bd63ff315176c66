import { writeFileSync } from 'node:fs';
import { openApiDocument } from './document.ts';

/** Writes the copy of the API's document that is kept with the sources: `npm run openapi`. */
writeFileSync('docs/openapi.json', `${JSON.stringify(openApiDocument('http://localhost:3000'), null, 2)}\n`);
