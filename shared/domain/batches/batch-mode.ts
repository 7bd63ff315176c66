export const batchModes = ['static', 'dynamic', 'retarget'] as const;

/** What the rows of a batch make: images, dynamic codes with their images, or new targets of codes that are there. */
export type BatchMode = (typeof batchModes)[number];
