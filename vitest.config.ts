import { defineConfig } from 'vitest/config';

/** Tests that start our processes: they wait more than they work, and each has its own Redis, ports and folders. */
const processTests = ['test/e2e/**/*.test.ts', 'test/faults/**/*.test.ts', 'test/start/**/*.test.ts'];

const minute = 60_000;

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/skipped-reporter.ts'],
    pool: 'forks',
    watch: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: processTests,
          globalSetup: [],
          maxWorkers: 2,
          testTimeout: minute,
          hookTimeout: minute,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'processes',
          include: processTests,
          globalSetup: [],
          maxWorkers: 2,
          testTimeout: 5 * minute,
          hookTimeout: 2 * minute,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
