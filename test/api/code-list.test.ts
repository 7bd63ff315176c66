import { describe, expect, it } from 'vitest';
import { codeAnswerSchema } from '../../shared/contract/code-answer.ts';
import { listAnswerSchema } from '../../shared/contract/lists.ts';
import { publicUrl, startApi } from './support/api-under-test.ts';

const api = await startApi();
const listSchema = listAnswerSchema(codeAnswerSchema.strict()).strict();
const list = async (query: string) => listSchema.parse((await api.call(`/v1/codes${query}`)).json());
const titlesOf = async (query: string) => (await list(query)).data.map(({ title }) => title);

async function make(body: Record<string, unknown>): Promise<string> {
  const answer = await api.post('/v1/codes', { target: 'https://example.com/menu', ...body });
  if (answer.status !== 201) throw new Error(answer.body.toString());
  return answer.json().id as string;
}

const ids = [
  await make({ title: 'A spring menu', tags: ['Menu', 'table 1'], slug: 'list-spring', externalId: 'ext 1' }),
  await make({ title: 'B summer menu', tags: ['Menu'], target: 'https://summer.example/' }),
  await make({ title: 'C winter coats', target: 'https://coats.example/' }),
];
await api.patch(`/v1/codes/${ids[0]}`, { status: 'paused' });
await api.database.codes.setScanFacts([{ id: ids[1] as string, scanCount: 7, lastScannedAt: Date.now() }]);
await api.call(`/v1/codes/${await make({ title: 'D gone' })}`, { method: 'DELETE' });

describe('GET /v1/codes', () => {
  it.each([
    ['', ['C winter coats', 'B summer menu', 'A spring menu']],
    ['?sort=title', ['A spring menu', 'B summer menu', 'C winter coats']],
    ['?sort=-scanCount&limit=1', ['B summer menu']],
    ['?sort=-updatedAt&limit=1', ['A spring menu']],
    ['?q=menu', ['B summer menu', 'A spring menu']],
    ['?q=SUMMER+exam', ['B summer menu']],
    ['?q=nowhere', []],
    ['?tag=Menu', ['B summer menu', 'A spring menu']],
    ['?tag=menu', []],
    ['?status=paused', ['A spring menu']],
    ['?status=archived', ['D gone']],
    ['?slug=LIST-SPRING', ['A spring menu']],
    ['?externalId=ext+1', ['A spring menu']],
    ['?batchId=bat_none', []],
  ])('%s', async (query, titles) => {
    expect(await titlesOf(query)).toEqual(titles);
  });

  it('has no cursor on its last page, also where the count is a multiple of the limit', async () => {
    expect((await list('?limit=3')).nextCursor).toBeNull();
    expect((await list('?limit=2')).nextCursor).not.toBeNull();
  });

  it.each(['createdAt', '-createdAt', 'title', '-title', '-scanCount', 'lastScannedAt', '-updatedAt'])(
    'by %s shows each code once over its pages, and the last page has no cursor',
    async (sort) => {
      const all = (await list(`?sort=${sort}`)).data.map(({ id }) => id);
      const paged: string[] = [];
      let query = `?sort=${sort}&limit=2`;
      for (;;) {
        const { data, nextCursor } = await list(query);
        paged.push(...data.map(({ id }) => id));
        if (nextCursor === null) break;
        query = `?sort=${sort}&limit=2&cursor=${nextCursor}`;
      }
      expect(paged).toEqual(all);
    },
  );

  it('links to the next page of the same question', async () => {
    const answer = await api.call('/v1/codes?limit=1&tag=Menu&sort=title');
    const cursor = answer.json().nextCursor as string;
    expect(answer.headers.get('link')).toBe(
      `<${publicUrl}/v1/codes?limit=1&tag=Menu&sort=title&cursor=${cursor}>; rel="next"`,
    );
    const other = await api.call(`/v1/codes?sort=-title&cursor=${cursor}`);
    expect([other.status, (other.json().errors as { code: string }[])[0]?.code]).toEqual([422, 'cursor_of_other_sort']);
  });
});
