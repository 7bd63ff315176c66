import type { CsvLimits } from '../../shared/adapters/csv-file.ts';
import type { HostRule } from '../../shared/domain/host-rules.ts';
import type { WorkDeps } from '../handlers.ts';
import type { LogoSource } from '../logo-source.ts';
import type { RightOfWay } from '../right-of-way.ts';

/** What batches are configured with. */
export type BatchSettings = {
  csvLimits: CsvLimits;
  keepDays: number;
  /** At most `mostRowsPerPart`. */
  rowsPerPart: number;
  /** Origin of new codes' short URLs. */
  shortOrigin: string;
  /** URLs that this service answers under. */
  ownUrls: readonly string[];
  targetDeny: readonly HostRule[];
};

/** What the handlers of batches work with. */
export type BatchDeps = Pick<
  WorkDeps,
  'database' | 'objects' | 'queues' | 'draw' | 'secretKey' | 'log' | 'now' | 'batches'
> & { logos: LogoSource; way: RightOfWay };
