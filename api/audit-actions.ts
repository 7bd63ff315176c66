import type { AuditAction } from '../shared/contract/audit-actions.ts';

/**
 * Every line of the URL table that changes something, and as what that is put on record; null: it makes or runs work, and changes no
 * key, tenant, code, webhook or secret. A route that is not here does not answer, and fails a test.
 */
export const auditActions: Readonly<Record<string, AuditAction | null>> = {
  'POST /v1/renders': null,
  'DELETE /v1/renders/:id': null,
  'POST /v1/logos': null,
  'DELETE /v1/logos/:id': null,
  // Workers put each code that it makes or changes on record.
  'POST /v1/batches': 'batch.create',
  'POST /v1/batches/:id/cancel': null,
  'POST /v1/batches/:id/retry': null,
  'POST /v1/codes': 'code.create',
  'PATCH /v1/codes/:id': 'code.update',
  'DELETE /v1/codes/:id': 'code.archive',
  'POST /v1/codes/:id/restore': 'code.restore',
  'POST /v1/codes/:id/rollback': 'code.rollback',
  'POST /v1/webhooks': 'webhook.create',
  'PATCH /v1/webhooks/:id': 'webhook.update',
  'DELETE /v1/webhooks/:id': 'webhook.delete',
  'POST /v1/webhooks/:id/rotate-secret': 'webhook.rotate_secret',
  'POST /v1/webhooks/:id/test': null,
  'POST /v1/webhooks/:id/deliveries/:deliveryId/redeliver': null,
  'POST /v1/callback-deliveries/:id/redeliver': null,
  'POST /v1/callback-secret/rotate': 'callback_secret.rotate',
  'POST /v1/signing-secret/rotate': 'signing_secret.rotate',
  'POST /v1/keys': 'key.create',
  'DELETE /v1/keys/:id': 'key.revoke',
  'POST /v1/keys/:id/rotate': 'key.rotate',
  'POST /v1/tenants': 'tenant.create',
  'PATCH /v1/tenants/:id': 'tenant.update',
};
