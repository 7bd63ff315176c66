import type { Database } from '../shared/adapters/database/database.ts';
import type { ImageCache } from '../shared/adapters/image-cache.ts';
import type { RunningJob, Verdict } from '../shared/adapters/job-worker.ts';
import type { ObjectStore } from '../shared/adapters/objects/objects.ts';
import type { Queues } from '../shared/adapters/queues.ts';
import type { JobName, JobPayload } from '../shared/contract/jobs.ts';
import type { Log } from '../shared/log.ts';
import { createCheckLogo, createCheckSuspectLogo } from './check-logo.ts';
import { createEndRenders } from './end-renders.ts';
import { createLogoSource } from './logo-source.ts';
import { createRenderCodes } from './render-codes.ts';
import { createRenderOne, type DrawRender } from './render-one.ts';
import { createRenderSuspect } from './render-suspect.ts';
import { createSweep } from './sweep.ts';

/** What the handlers work with; all of it is connected before and released after. */
export type WorkDeps = {
  database: Pick<Database, 'renders' | 'logos'>;
  objects: ObjectStore;
  queues: Pick<Queues, 'add' | 'liveJobs' | 'claimEpoch' | 'announceEnded'>;
  imageCache: Pick<ImageCache, 'put'>;
  draw: DrawRender;
  /** A logo of more pixels is refused. */
  logoPixels: number;
  log: Log;
  /** Milliseconds since 1970. */
  now: () => number;
  pause: (ms: number) => Promise<void>;
};

export type Handler<Name extends JobName> = (payload: JobPayload<Name>, job: RunningJob) => Promise<Verdict>;
export type Handlers = { [Name in JobName]: Handler<Name> };

/** Makes the handler of every job; a job without one does not compile. */
export function createHandlers(deps: WorkDeps): Handlers {
  const logos = createLogoSource(deps);
  const tools = { renderOne: createRenderOne({ ...deps, logos }), endRenders: createEndRenders(deps), logos };
  return {
    'render-codes': createRenderCodes({ ...deps, ...tools }),
    'render-suspect': createRenderSuspect({ ...deps, ...tools }),
    'check-logo': createCheckLogo(deps),
    'check-suspect-logo': createCheckSuspectLogo(deps),
    sweep: createSweep(deps),
  } satisfies Handlers;
}
