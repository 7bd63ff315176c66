import type { JobWorker } from '../shared/adapters/job-worker.ts';

/** Behind a single render others are expected for so long. */
const expectedMs = 2000;

/**
 * Returns what is to be called at each single render: from then on these lanes rest, until none has come for two seconds. So a
 * process keeps itself free of batch work while single renders come, and the others do it alone.
 */
export function createStandBy(lanes: readonly Pick<JobWorker, 'rest' | 'goOn'>[]): () => void {
  let untilQuiet: NodeJS.Timeout | null = null;
  const goOn = (): void => {
    untilQuiet = null;
    for (const lane of lanes) lane.goOn();
  };
  return () => {
    if (untilQuiet !== null) {
      untilQuiet.refresh();
      return;
    }
    untilQuiet = setTimeout(goOn, expectedMs);
    untilQuiet.unref();
    for (const lane of lanes) lane.rest();
  };
}
