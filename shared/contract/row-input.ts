import type { BatchMode } from '../domain/batches/batch-mode.ts';
import type { RenderSpec } from '../domain/render-spec.ts';
import type { TargetRules } from '../domain/target-rules.ts';
import type { CsvLayout } from './batch-columns.ts';
import type { ImageOptions } from './image-options.ts';

/** What a row asks for, checked but for what only stores and symbols know. */
export type RowInput =
  | { mode: 'static'; spec: RenderSpec }
  | {
      mode: 'dynamic';
      target: string;
      /** Null: one that follows from batch and row. */
      slug: string | null;
      title: string | null;
      tags: string[];
      externalId: string | null;
      options: ImageOptions;
    }
  | { mode: 'retarget'; code: { id: string } | { slug: string }; target: string };

/** What rows of a batch are read by. */
export type RowRules = {
  mode: BatchMode;
  layout: CsvLayout;
  shared: Readonly<Record<string, string>>;
  targets: TargetRules;
  /** Milliseconds since 1970. */
  now: number;
};

/** A row as texts by field; absent: no cell, or an empty one. A list field may have several. */
export type Cells = Map<string, string[]>;
