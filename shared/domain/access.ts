/** Each may do what the next may, and more: the instance, a tenant, its resources, looking at them. */
export const roles = ['operator', 'admin', 'write', 'read'] as const;
export type Role = (typeof roles)[number];

/** Whether a key of one role may do what another role is needed for. */
export function includesRole(has: Role, needed: Role): boolean {
  return roles.indexOf(has) <= roles.indexOf(needed);
}

export const tenantStatuses = ['active', 'suspended'] as const;
export type TenantStatus = (typeof tenantStatuses)[number];

/** The tenant that is there from the start. */
export const defaultTenant = 'default';

/** Renders made without a key belong to this tenant, which lists nothing. */
export const anonymousTenant = 'anonymous';

/** The key that the configuration names. */
export const bootstrapKeyId = 'key_bootstrap';
