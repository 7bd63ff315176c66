import type { LogoRow, RenderRow } from '../database.ts';

/** What we bind and read. Anything else (a boolean, say) makes libsql abort the whole process, so it is refused before. */
export type SqlValue = string | number | null;

type Kind = 'plain' | 'flag' | 'json';
type Columns<Row> = { readonly [Name in keyof Row]: Kind };

/** Turns rows into values in the order of their columns, and back. */
export type RowCodec<Row> = {
  readonly names: readonly (keyof Row & string)[];
  encode(row: Row): SqlValue[];
  decode(values: readonly SqlValue[]): Row;
};

const encoders: Record<Kind, (value: unknown) => SqlValue> = {
  plain: (value) => {
    if (value === null || typeof value === 'string' || typeof value === 'number') return value;
    throw new TypeError(`A plain column takes text, numbers and null, not ${typeof value}`);
  },
  flag: (value) => (value === true ? 1 : 0),
  json: (value) => (value === null ? null : JSON.stringify(value)),
};

const decoders: Record<Kind, (value: SqlValue) => unknown> = {
  plain: (value) => value,
  flag: (value) => value === 1,
  json: (value) => (value === null ? null : JSON.parse(value as string)),
};

export function rowCodec<Row extends object>(columns: Columns<Row>): RowCodec<Row> {
  const entries = Object.entries(columns) as [keyof Row & string, Kind][];
  return {
    names: entries.map(([name]) => name),
    encode: (row) => entries.map(([name, kind]) => encoders[kind](row[name])),
    decode: (values) => {
      const row: Record<string, unknown> = {};
      entries.forEach(([name, kind], index) => {
        row[name] = decoders[kind](values[index] as SqlValue);
      });
      return row as Row;
    },
  };
}

export const renderCodec = rowCodec<RenderRow>({
  id: 'plain',
  tenantId: 'plain',
  spec: 'json',
  rendererVersion: 'plain',
  status: 'plain',
  result: 'json',
  error: 'json',
  jobId: 'plain',
  suspect: 'flag',
  starts: 'plain',
  createdAt: 'plain',
  queuedAt: 'plain',
  completedAt: 'plain',
  lastUsedAt: 'plain',
  requestId: 'plain',
});

export const logoCodec = rowCodec<LogoRow>({
  id: 'plain',
  tenantId: 'plain',
  contentType: 'plain',
  sizeBytes: 'plain',
  sha256: 'plain',
  status: 'plain',
  result: 'json',
  error: 'json',
  jobId: 'plain',
  suspect: 'flag',
  starts: 'plain',
  createdAt: 'plain',
  queuedAt: 'plain',
  completedAt: 'plain',
  deletedAt: 'plain',
});

export const jsonText = encoders.json;
