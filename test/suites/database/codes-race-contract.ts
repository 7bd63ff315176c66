import { describe, expect, it } from 'vitest';
import type { CodeRow, CodeStore } from '../../../shared/adapters/database/code-store.ts';
import type { Database } from '../../../shared/adapters/database/database.ts';
import { changed, newCode, retargeted } from './code-rows.ts';
import { noon, unique } from './rows.ts';

/** What holds when several connections change codes at the same time. */
export function codesRaceContract(connections: () => Database[]): void {
  const at = (index: number): CodeStore => (connections()[index % connections().length] as Database).codes;
  const codes = () => at(0);
  const inserted = async (): Promise<CodeRow> => {
    const code = newCode();
    expect(await codes().insert([code])).toEqual(['inserted']);
    return code;
  };

  describe('several connections with the same codes', () => {
    it('replace one revision of a code once', async () => {
      const code = await inserted();
      const rivals = Array.from({ length: 50 }, (_, index) => retargeted(code, `https://example.com/${index}`));
      const won = await Promise.all(rivals.map((row, index) => at(index).replace(row)));
      expect(won.filter(Boolean)).toHaveLength(1);
      const winner = rivals[won.indexOf(true)] as CodeRow;
      expect(await codes().find(code.id)).toEqual(winner);
      expect(await codes().history(winner, { limit: 9, before: null })).toEqual([winner.current, code.current]);
    });

    it('lose no target of a code that all of them change, each until it wins', async () => {
      const code = await inserted();
      const win = async (store: CodeStore, target: string): Promise<void> => {
        for (;;) {
          const row = await store.find(code.id);
          if (row !== null && (await store.replace(retargeted(row, target)))) return;
        }
      };
      const targets = Array.from({ length: 15 }, (_, index) => `https://example.com/${index}`);
      await Promise.all(targets.map((target, index) => win(at(index), target)));
      const row = (await codes().find(code.id)) as CodeRow;
      const history = await codes().history(row, { limit: 200, before: null });
      expect(history.map(({ version }) => version)).toEqual(Array.from({ length: 16 }, (_, index) => 16 - index));
      expect(history.map(({ target }) => target).sort()).toEqual([...targets, code.current.target].sort());
    });

    it('give a slug to one code', async () => {
      const slug = unique('slug');
      const rivals = Array.from({ length: 50 }, () => newCode({ slug }));
      const answers = await Promise.all(rivals.map((row, index) => at(index).insert([newCode(), row])));
      expect(answers.map(([first]) => first)).toEqual(rivals.map(() => 'inserted'));
      const winners = rivals.filter((_, index) => answers[index]?.[1] === 'inserted');
      expect(winners).toHaveLength(1);
      expect(answers.filter(([, second]) => second === 'slug-taken')).toHaveLength(49);
      expect(await codes().findBySlug(slug)).toEqual(winners[0]);
    });

    it('insert a code once, and are told so once', async () => {
      const code = newCode();
      const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => at(index).insert([code])));
      expect(answers.flat().filter((answer) => answer === 'inserted')).toHaveLength(1);
      expect(answers.flat().filter((answer) => answer === 'exists')).toHaveLength(29);
    });

    it('keep what scans came to when its owner changes the code meanwhile', async () => {
      const code = await inserted();
      const counts = Array.from({ length: 20 }, (_, index) => index + 1);
      let row = code;
      await Promise.all([
        (async () => {
          for (const scanCount of counts) await at(1).setScanFacts([{ id: code.id, scanCount, lastScannedAt: noon }]);
        })(),
        (async () => {
          for (const _ of counts) {
            row = changed(row);
            expect(await at(0).replace(row)).toBe(true);
          }
        })(),
      ]);
      expect(await codes().find(code.id)).toEqual({ ...row, scanCount: 20, lastScannedAt: noon });
    });
  });
}
