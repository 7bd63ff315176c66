import type { Handle } from './handle.ts';
import type { ImageBytes } from './image-bytes.ts';
import { forEver } from './images.ts';
import type { RequestLog } from './middleware/request-log.ts';
import type { RenderRows } from './render-rows.ts';
import { imageDescription, imageGuarantees, isCompleted, matchesEtag } from './serve-image.ts';

const imagePath = /^\/v1\/renders\/(rnd_[\w-]+)\/image$/;

type Needs = {
  rows: RenderRows;
  images: ImageBytes;
  requests: RequestLog;
  /** Headers that every image gets besides its own. */
  more: Record<string, string>;
};

/**
 * Answers the image of a render whose row and bytes are in memory, as the route does and without its way through Koa.
 *
 * @returns a handler that leaves every other request to the next
 */
export function createHotImage(needs: Needs): Handle<boolean> {
  const { rows, images, requests, more } = needs;
  return (request, response) => {
    if (request.method !== 'GET') return false;
    const id = imagePath.exec(request.url ?? '')?.[1];
    const row = id === undefined ? null : rows.recall(id);
    const bytes = row && isCompleted(row) ? images.atHand(row) : undefined;
    if (!row || !isCompleted(row) || !bytes) return false;

    const startedAt = performance.now();
    const requestId = requests.idOf(request);
    rows.use(row);
    const guarantees = imageGuarantees(row, forEver);
    const status = matchesEtag(request.headers['if-none-match'], guarantees.ETag) ? 304 : 200;
    const description = status === 200 ? imageDescription(row) : {};
    response.writeHead(status, { 'Request-Id': requestId, ...more, ...guarantees, ...description });
    response.end(status === 200 ? bytes : undefined);
    requests.answered({ requestId, method: 'GET', route: '/v1/renders/:id/image', status, startedAt });
    return true;
  };
}
