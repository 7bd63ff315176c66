import { type Deployment, type DeploymentOptions, prepareDeploymentIn } from './deployment-processes.ts';
import { temporaryFolder } from './servers.ts';

export type { Deployment };

/** Starts a Redis and prepares, but does not start, API and workers on it, in a folder that is removed after the test file. */
export async function prepareDeployment(options: DeploymentOptions = {}): Promise<Deployment> {
  return prepareDeploymentIn(await temporaryFolder(), options);
}
