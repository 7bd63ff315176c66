import type { CsvDelimiter } from '../domain/batches/csv-head.ts';
import { contentTypes } from '../domain/content/content.ts';
import { nearestName } from '../domain/nearest-name.ts';
import { ownColumns } from './everyday-columns.ts';
import { contentFieldsOf, listFields } from './flat-fields.ts';
import { specFields } from './render-query.ts';

/**
 * One column of a file: its name as it stands there, and the field that it fills; null: it travels into the manifest. `notMeant`: the
 * option that is called so and that its rows do not mean.
 */
export type CsvColumn = { name: string; field: string | null; notMeant?: string };

/** How a file's cells are parted and what they mean. `delimiter` null: every line is one cell. */
export type CsvLayout = { delimiter: CsvDelimiter | null; hasHeader: boolean; columns: CsvColumn[] };

/** Fields that a batch's rows have besides those of a render's query. */
const rowFields = ['name', 'file'] as const;
const codeFields = ['slug', 'id', 'target', 'codeTitle', 'codeTags', 'externalId'] as const;

const contentFields = new Set(contentTypes.flatMap(contentFieldsOf));

/** Fields of content and spec that a request may give as a default for every row. */
export const sharedFields: readonly string[] = ['type', ...specFields, 'logoId', 'logoRatio', ...contentFields];

/** Every field that a column may fill. */
export const csvFields: readonly string[] = ['data', ...sharedFields, ...rowFields, ...codeFields];

/** Other names that spreadsheets use, plain (see plainName); a column of the field's own name goes before them. */
const otherNames: Readonly<Record<string, string>> = {
  link: 'url',
  links: 'url',
  uri: 'url',
  href: 'url',
  urls: 'url',
  weburl: 'url',
  webaddress: 'url',
  filename: 'file',
  outputfile: 'file',
  imagename: 'file',
  imagefile: 'file',
  content: 'data',
  qrdata: 'data',
  qrcontent: 'data',
  contenttype: 'type',
  qrtype: 'type',
  pixels: 'size',
  width: 'size',
  imageformat: 'format',
  quietzone: 'margin',
  ecc: 'errorCorrection',
  ec: 'errorCorrection',
  errorcorrectionlevel: 'errorCorrection',
  color: 'foreground',
  colour: 'foreground',
  foregroundcolor: 'foreground',
  foregroundcolour: 'foreground',
  backgroundcolor: 'background',
  backgroundcolour: 'background',
  logo: 'logoId',
  lat: 'latitude',
  lon: 'longitude',
  lng: 'longitude',
  long: 'longitude',
  network: 'ssid',
  encryption: 'security',
  company: 'organization',
  organisation: 'organization',
  zip: 'postalCode',
  zipcode: 'postalCode',
  postcode: 'postalCode',
  givenname: 'firstName',
  familyname: 'lastName',
  surname: 'lastName',
  telephone: 'phone',
  cellphone: 'mobile',
  codeid: 'id',
  shortcode: 'slug',
  destination: 'target',
  targeturl: 'target',
  newtarget: 'target',
  tags: 'codeTags',
};

/** Letters and digits only, in lower case: `File Name`, `file_name` and `FILENAME` are one. */
export function plainName(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');
}

const ownNames = new Map(csvFields.map((field) => [plainName(field), field]));

function otherNameOf(name: string): string | null {
  const plain = plainName(name);
  return Object.hasOwn(otherNames, plain) ? (otherNames[plain] as string) : null;
}

/** Returns the columns of a header, marked where the first rows show that no option is meant. */
export function namedColumns(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): Omit<CsvColumn, 'field'>[] {
  const names = header.map((name, index) => name.trim() || `column ${index + 1}`);
  const guessed = names.map((name) => ({
    plain: plainName(name),
    field: ownNames.get(plainName(name)) ?? otherNameOf(name),
  }));
  const own = ownColumns(guessed, rows);
  return names.map((name, index) => {
    const notMeant = own.get(index);
    return notMeant === undefined ? { name } : { name, notMeant };
  });
}

/** These mean a person's or a company's details, in which a website is one of many. */
const contactFields = new Set(['firstName', 'lastName', 'organization']);

export type HeaderProblem = { code: 'csv_no_known_column' | 'csv_column_twice'; detail: string };

/**
 * Recognises the columns of a header, in any order and case, with common other names.
 *
 * `website` is the URL where no column is called so and nothing else speaks of contacts. `url` is the target where codes are
 * made or retargeted.
 *
 * @param named what they are called; `notMeant` where the rows were looked at before
 * @param options.shared names of the fields that the request gave for every row
 */
export function columnsOf(
  named: readonly Omit<CsvColumn, 'field'>[],
  { hasTargets, shared }: { hasTargets: boolean; shared: ReadonlySet<string> },
): { columns: CsvColumn[] } | { problem: HeaderProblem } {
  const columns: CsvColumn[] = named.map(({ name, notMeant }) =>
    notMeant === undefined ? { name, field: ownNames.get(plainName(name)) ?? null } : { name, field: null, notMeant },
  );
  const taken = (field: string): boolean => columns.some((column) => column.field === field);
  for (const column of columns) {
    const other = column.field === null && column.notMeant === undefined ? otherNameOf(column.name) : null;
    if (other !== null && !taken(other)) column.field = other;
  }
  const hasType = taken('type') || shared.has('type');
  const isContact = columns.some(({ field }) => contactFields.has(field ?? ''));
  const website = columns.find(({ field }) => field === 'website');
  if (website && !taken('url') && !taken('target') && !hasType && !isContact) website.field = 'url';
  if (hasTargets && !taken('target')) {
    const main = columns.find(({ field }) => field === 'url') ?? columns.find(({ field }) => field === 'data');
    if (main) main.field = 'target';
  }
  const problem = headerProblem(columns);
  return problem === null ? { columns } : { problem };
}

/** Shows the names of a header, ten of them, each cut to 40 characters. */
export function shownNames(columns: readonly Pick<CsvColumn, 'name'>[]): string {
  const names = columns.slice(0, 10).map(({ name }) => JSON.stringify(name.slice(0, 40)));
  return `${names.join(', ')}${columns.length > 10 ? ' …' : ''}`;
}

function headerProblem(columns: readonly CsvColumn[]): HeaderProblem | null {
  const seen = new Map<string, string>();
  for (const { name, field } of columns) {
    if (field === null || listFields.has(field)) continue;
    const earlier = seen.get(field);
    if (earlier !== undefined) {
      const detail = `Two columns are ${field}: "${earlier}" and "${name}". Rename or remove one of them.`;
      return { code: 'csv_column_twice', detail };
    }
    seen.set(field, name);
  }
  if (columns.some(({ field }) => field !== null)) return null;
  const nearest = columns.flatMap(({ name }) => nearestName(name, csvFields) ?? [])[0];
  const perhaps = nearest === undefined ? '' : `, perhaps ${nearest} is meant`;
  const detail = `The first line names no column that is known: it names ${shownNames(columns)}${perhaps}. It must name the columns, such as url and file; accepted are ${csvFields.join(', ')}. A file without a header must be one column of URLs.`;
  return { code: 'csv_no_known_column', detail };
}
