import { expect, it } from 'vitest';
import { columnsOf, namedColumns } from '../../../shared/contract/batch-columns.ts';
import { readBatchRow } from '../../../shared/contract/batch-row.ts';
import { columnWarnings } from '../../../shared/contract/everyday-columns.ts';
import type { BatchMode } from '../../../shared/domain/batches/batch-mode.ts';

/** A file of a column of URLs and those named here. */
function fileOf(header: string[], rows: string[][], mode: BatchMode = 'static') {
  const names = ['url', ...header];
  const cells = rows.map((row, index) => [`https://a.example/${index}`, ...row]);
  const found = columnsOf(namedColumns(names, cells), { hasTargets: mode !== 'static', shared: new Set() });
  if ('problem' in found) throw new Error(found.problem.detail);
  const layout = { delimiter: ',' as const, hasHeader: true, columns: found.columns };
  const rules = { mode, layout, shared: {}, targets: { ownUrls: [], denied: [] }, now: 0 };
  return { layout, rows: cells.map((row) => readBatchRow(row, rules)) };
}

it.each([
  ['size', 'XL'],
  ['Size', 'one size'],
  ['width', '10 cm'],
  ['color', 'red'],
  ['Colour', 'off-white'],
  ['margin', '23 %'],
  ['format', 'A4'],
  ['format', 'Paperback'],
  ['type', 'T-shirt'],
])('a column %s with %s is a column of the file, which goes into the manifest', (name, value) => {
  const { layout, rows } = fileOf([name], [[''], [value], [value]]);
  expect(rows.map(({ error }) => error)).toEqual([null, null, null]);
  expect(rows[1]?.extra).toEqual([[name, value]]);
  const warnings = columnWarnings(layout, 'static');
  expect(warnings).toMatchObject([{ code: 'column_not_an_option', detail: expect.stringContaining(`"${name}"`) }]);
});

it.each([
  ['size', '42'],
  ['size', '5000'],
  ['size', '300 px'],
  ['width', '12,5'],
  ['color', '#12345'],
  ['color', 'rgb(0, 0, 0)'],
  ['foreground', 'red'],
  ['background', 'red'],
  ['pixels', 'XL'],
  ['errorCorrection', 'high'],
  ['format', 'jpg'],
  ['margin', '21'],
  ['logoId', 'ours'],
])('a column %s with %s is an option that is wrong', (name, value) => {
  const { layout, rows } = fileOf([name], [[value]]);
  expect(rows[0]?.error?.pointer).toMatch(/^\/(size|margin|format|foreground|background|errorCorrection|logoId)$/);
  expect(columnWarnings(layout, 'static')).toEqual([]);
});

it('one value that is meant for the option makes it one for every row', () => {
  const { rows } = fileOf(['size'], [['300'], ['3OO'], ['XL']]);
  expect(rows.map(({ error }) => error?.pointer ?? null)).toEqual([null, '/size', '/size']);
});

it('leaves the option to another column that gives it', () => {
  const { layout, rows } = fileOf(
    ['Size', 'pixels', 'color', 'foreground'],
    [
      ['XL', '400', 'red', '#000080'],
      ['S', '500', 'blue', '#000000'],
    ],
  );
  expect(rows[0]).toMatchObject({ error: null, input: { spec: { size: 400, foreground: '#000080' } } });
  expect(rows[0]?.extra).toEqual([
    ['Size', 'XL'],
    ['color', 'red'],
  ]);
  expect(columnWarnings(layout, 'static')).toEqual([]);
});

it('warns of no option that the mode does not have', () => {
  const { layout } = fileOf(['size', 'type', 'slug'], [['XL', 'shirt', 'abc-1']], 'dynamic');
  expect(columnWarnings(layout, 'dynamic').map(({ detail }) => detail.split('"')[1])).toEqual(['size']);
  expect(columnWarnings(layout, 'retarget')).toEqual([]);
});

it('keeps a column type where nothing else tells what is encoded', () => {
  const names = namedColumns(['type', 'data'], [['website', 'https://a.example']]);
  const found = columnsOf(names, { hasTargets: false, shared: new Set() });
  expect('columns' in found && found.columns.map(({ field }) => field)).toEqual(['type', 'data']);
});

it('knows nothing of a file without rows to look at', () => {
  expect(fileOf(['size'], [['']]).layout.columns[1]).toEqual({ name: 'size', field: 'size' });
});
