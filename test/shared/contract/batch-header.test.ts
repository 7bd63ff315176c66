import { expect, it } from 'vitest';
import { columnsOf, namedColumns } from '../../../shared/contract/batch-columns.ts';
import { headerProblem } from '../../../shared/contract/batch-header.ts';
import type { BatchMode } from '../../../shared/domain/batches/batch-mode.ts';

/** Null for a header under which rows may come to something, else why none can. */
function problemOf(header: string, mode: BatchMode = 'static', shared: Record<string, string> = {}): string | null {
  const reading = { hasTargets: mode !== 'static', shared: new Set(Object.keys(shared)) };
  const found = columnsOf(namedColumns(header.split(','), []), reading);
  if ('problem' in found) throw new Error(found.problem.detail);
  return headerProblem({ delimiter: ',', hasHeader: true, columns: found.columns }, { mode, shared });
}

it.each<[string, BatchMode?, Record<string, string>?]>([
  ['url,file'],
  ['website,name'],
  ['data'],
  ['type,number'],
  ['lat,lon,name'],
  ['title,start,name'],
  ['company,phone'],
  ['number,message'],
  ['name,price', 'static', { text: 'the same on each' }],
  ['name,number', 'static', { type: 'phone' }],
  ['data,name', 'static', { type: 'wifi' }],
  ['password,name', 'static', { ssid: 'guests' }],
  ['link,name', 'dynamic'],
  ['slug,target', 'retarget'],
  ['id,url', 'retarget'],
])('lets %s pass', (header, mode, shared) => {
  expect(problemOf(header, mode, shared)).toBeNull();
});

it.each<[string, RegExp, BatchMode?, Record<string, string>?]>([
  ['name,price', /the header names "name", "price"; a column must give content, such as url, text or data \(accepted/],
  ['name,size', /must give content/],
  ['name,phone', /column or field type/],
  ['latitude,name', /must give content/],
  ['message,name', /must give content/],
  ['url,name', /content of type wifi needs ssid/, 'static', { type: 'wifi' }],
  ['latitude,name', /type geo needs latitude and longitude/, 'static', { type: 'geo' }],
  ['name,slug', /column target \(or url\)/, 'dynamic'],
  ['name,target', /column slug or id/, 'retarget'],
])('refuses %s', (header, detail, mode, shared) => {
  expect(problemOf(header, mode, shared)).toMatch(detail);
});

it('lets a column of URLs without a header pass, and not where each row must name a code', () => {
  const layout = { delimiter: null, hasHeader: false };
  const [url, target] = ['url', 'target'].map((field) => ({ ...layout, columns: [{ name: 'url', field }] }));
  if (url === undefined || target === undefined) throw new Error('no layout');
  expect(headerProblem(url, { mode: 'static', shared: {} })).toBeNull();
  expect(headerProblem(target, { mode: 'dynamic', shared: {} })).toBeNull();
  expect(headerProblem(target, { mode: 'retarget', shared: {} })).toMatch(/without a header.*slug or id/);
});
