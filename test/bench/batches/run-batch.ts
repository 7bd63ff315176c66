import type { BatchAnswer } from '../../../shared/contract/batch-answer.ts';

export type FinishedBatch = {
  batch: BatchAnswer;
  /** From the first byte of the upload to its 202. */
  acceptedMs: number;
  /** From the first byte of the upload to the news that its archive is there. */
  finishedMs: number;
};

type Service = { baseUrl: string; apiKey: string };

/**
 * Uploads a CSV and waits for the end of its batch, as its server-sent events tell it.
 *
 * @param options.fields spec fields that every row shares
 * @param options.onAccepted is called when the 202 is there
 */
export async function runBatch(
  { baseUrl, apiKey }: Service,
  csv: Blob,
  options: { fields?: Record<string, string>; onAccepted?: (id: string) => void } = {},
): Promise<FinishedBatch> {
  const headers = { authorization: `Bearer ${apiKey}` };
  const form = new FormData();
  for (const [name, value] of Object.entries(options.fields ?? {})) form.append(name, value);
  form.append('file', csv, 'urls.csv');
  const start = performance.now();
  const made = await fetch(`${baseUrl}/v1/batches`, { method: 'POST', headers, body: form });
  if (made.status !== 202) throw new Error(`POST /v1/batches: ${made.status} ${await made.text()}`);
  const { id } = (await made.json()) as BatchAnswer;
  const acceptedMs = performance.now() - start;
  options.onAccepted?.(id);
  const batch = await endOf(`${baseUrl}/v1/batches/${id}/events`, headers);
  if (batch.status !== 'completed' || batch.archive === null)
    throw new Error(`The batch ended as ${batch.status}: ${JSON.stringify(batch.error)}`);
  return { batch, acceptedMs, finishedMs: performance.now() - start };
}

/** Listens until the event `end`, and comes back when a listener was let go of. */
async function endOf(url: string, headers: Record<string, string>): Promise<BatchAnswer> {
  for (;;) {
    const events = await fetch(url, { headers });
    if (events.status !== 200) throw new Error(`GET ${url}: ${events.status} ${await events.text()}`);
    const end = /event: end\ndata: (.*)/.exec(await events.text());
    if (end !== null) return JSON.parse(end[1] ?? '') as BatchAnswer;
  }
}
