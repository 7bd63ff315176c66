import { type FieldChange, fieldChanges } from './field-changes.ts';

/** What is put on record of a kind of thing: fields of its answer with their values, and such as may hold a secret by name only. */
const recordedFields = {
  code: {
    values: [
      ...['slug', 'target', 'fallbackTarget', 'status', 'title', 'tags', 'expiresAt', 'forwardQuery', 'externalId'],
      ...['version', 'batchId'],
    ],
    names: ['metadata', 'imageOptions'],
  },
  webhook: { values: ['events', 'description', 'status', 'disabledReason'], names: ['url', 'secret'] },
  key: { values: ['name', 'role', 'tenantId', 'expiresAt'], names: ['key'] },
  batch: { values: ['name', 'mode'], names: [] },
  tenant: { values: ['name', 'status', 'quotas'], names: [] },
  callback_secret: { values: [], names: ['secret'] },
  signing_secret: { values: [], names: ['secret'] },
} as const satisfies Record<string, { values: readonly string[]; names: readonly string[] }>;

export type RecordedKind = keyof typeof recordedFields;

/** Returns what is put on record of a change: `before` and `after` are shaped as the thing is answered; of secrets, names alone. */
export function recordedChanges(kind: RecordedKind, before: object | null, after: object | null): FieldChange[] {
  const { values, names } = recordedFields[kind];
  const all = fieldChanges<Record<string, unknown>>(before as null, (after ?? {}) as Record<string, unknown>, [
    ...values,
    ...names,
  ]);
  const hidden: readonly string[] = names;
  return all.map((change) => (hidden.includes(change.field) ? { ...change, before: null, after: null } : change));
}
