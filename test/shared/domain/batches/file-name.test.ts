import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileNames, mostFileNameBytes } from '../../../../shared/domain/batches/file-name.ts';

type Naming = Parameters<FileNames['next']>[0];
const naming = (more: Partial<Naming>): Naming => ({
  file: null,
  name: null,
  content: null,
  row: 1,
  format: 'png',
  ...more,
});
const first = (more: Partial<Naming>): string => new FileNames().next(naming(more));

describe('the file names of a batch', () => {
  it.each([
    ['menu', 'menu.png'],
    ['menu.PNG', 'menu.png'],
    ['menu.svg', 'menu.png'],
    ['archive.tar', 'archive.tar.png'],
    ['../../x', 'x.png'],
    ['..\\..\\windows\\x', 'windows-x.png'],
    ['C:\\x', 'C-x.png'],
    ['CON', '_CON.png'],
    ['nul.txt', '_nul.txt.png'],
    ['COM¹', '_COM¹.png'],
    ['console', 'console.png'],
    ['a\u0000b\u001f\r\nc', 'a-b-c.png'],
    ['trailing. . .', 'trailing.png'],
    ['.hidden', 'hidden.png'],
    ['-rf', 'rf.png'],
    ['=cmd()', 'cmd().png'],
    ['+@-x', 'x.png'],
    ['＝x', 'x.png'],
    ['a\u202egnp.exe', 'a-gnp.exe.png'],
    ['😀 menü', '😀 menü.png'],
    ['\ud800', '000001.png'],
    ['...', '000001.png'],
  ])('make %j %j', (file, name) => {
    expect(first({ file })).toBe(name);
  });

  it('follow from row, name and content where none is asked for', () => {
    expect(first({ row: 7, content: 'https://www.example.com/menu?x=1' })).toBe('000007-example.com-menu-x-1.png');
    expect(first({ row: 7, name: 'Table 7', content: 'https://example.com' })).toBe('000007-Table-7.png');
    expect(first({ row: 7, name: 'MENU.png' })).toBe('000007-MENU.png');
    expect(first({ row: 7, format: 'svg' })).toBe('000007.svg');
  });

  it('are numbered where they are one file on some system', () => {
    const names = new FileNames();
    const asked = ['Menu', 'menu', 'MENU.png', 'menu-2', 'café', 'cafe\u0301', 'straße', 'STRASSE'];
    expect(asked.map((file) => names.next(naming({ file })))).toEqual([
      'Menu.png',
      'menu-2.png',
      'MENU-3.png',
      'menu-2-2.png',
      'café.png',
      'café-2.png',
      'straße.png',
      'STRASSE-2.png',
    ]);
  });

  it('are unique, flat, short and safe, whatever is asked for', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom('a', 'A', 'con', 'x'.repeat(300), '../', '日'.repeat(100), '\u0301'),
    );
    const asked = fc.array(fc.record({ file: fc.option(text), name: fc.option(text), content: fc.option(text) }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(asked, (all) => {
        const names = new FileNames();
        const given = all.map((each, index) => names.next(naming({ ...each, row: index + 1 })));
        const folded = given.map((name) => name.normalize('NFD').toUpperCase().toLowerCase());
        expect(new Set(folded).size).toBe(given.length);
        for (const name of given) {
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(mostFileNameBytes);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is tested
          expect(name).toMatch(/^[^\u0000-\u001f<>:"/\\|?*.\s][^\u0000-\u001f<>:"/\\|?*]*\.png$/u);
          expect(name).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)\./i);
          expect(name).not.toMatch(/[. ]\.png$/);
          expect(Buffer.from(name).toString()).toBe(name);
        }
      }),
    );
  });

  it('are given fast, though all ask for the same', () => {
    const names = new FileNames();
    for (let row = 1; row <= 20_000; row++) names.next(naming({ file: 'same', row }));
    expect(names.next(naming({ file: 'same' }))).toBe('same-20001.png');
  });
});
