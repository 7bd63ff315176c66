/** The tenant of what is asked for without a key. It lists nothing. */
export const anonymousTenant = 'anonymous';
