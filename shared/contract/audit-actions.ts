/** What is put on record, as `action` says it. */
export const auditActionNames = [
  'batch.create',
  'callback_secret.rotate',
  'code.archive',
  'code.create',
  'code.restore',
  'code.rollback',
  'code.update',
  'key.create',
  'key.revoke',
  'key.rotate',
  'signing_secret.rotate',
  'tenant.create',
  'tenant.update',
  'webhook.create',
  'webhook.delete',
  'webhook.rotate_secret',
  'webhook.update',
] as const;

export type AuditAction = (typeof auditActionNames)[number];
