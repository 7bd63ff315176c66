import type Router from '@koa/router';
import type { DefaultContext } from 'koa';
import type { ApiState } from './deps.ts';

type ApiRouter = Router<ApiState, DefaultContext>;

/** Remembers what a path without parameters matches: the router tries it on every line of the table, each time. */
export function matchFixedPathsOnce(router: ApiRouter): void {
  const match = router.match.bind(router);
  const known = new Map<string, ReturnType<ApiRouter['match']>>();
  router.match = (path, method) => {
    const request = `${method} ${path}`;
    let found = known.get(request);
    if (found === undefined) {
      found = match(path, method);
      if (found.route && router.stack.some((layer) => layer.path === path)) known.set(request, found);
    }
    return found;
  };
}
