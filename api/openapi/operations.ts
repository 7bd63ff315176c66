import { accessOperations } from './access.ts';
import { auditOperations } from './audit.ts';
import { batchOperations } from './batches.ts';
import { codeOperations } from './codes.ts';
import { imageOperations } from './images.ts';
import { logoOperations } from './logos.ts';
import type { Operations } from './operation.ts';
import { renderOperations } from './renders.ts';
import { scanOperations } from './scans.ts';
import { serviceOperations } from './service.ts';
import { signingSecretOperations } from './signing-secret.ts';
import { webhookOperations } from './webhooks.ts';

/** Every line of the URL table as the API's document tells it; a house test compares the two. */
export const operations: Operations = {
  ...imageOperations,
  ...signingSecretOperations,
  ...renderOperations,
  ...logoOperations,
  ...codeOperations,
  ...scanOperations,
  ...batchOperations,
  ...webhookOperations,
  ...auditOperations,
  ...accessOperations,
  ...serviceOperations,
};
