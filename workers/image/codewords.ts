import { blockLayout, totalCodewords } from '../../shared/domain/block-layout.ts';
import type { SymbolPlan } from '../../shared/domain/symbol.ts';
import { dataCodewords } from './data-codewords.ts';
import { writeChecks } from './reed-solomon.ts';

/**
 * Returns the final sequence of a plan's codewords, all blocks interleaved: data round by round, of which the longer blocks
 * alone have the last, then checks (ISO/IEC 18004, clause 7.6).
 */
export function codewordsOf(plan: SymbolPlan): Uint8Array {
  const { blocks, checksPerBlock, dataCodewords: count } = blockLayout(plan.version, plan.errorCorrection);
  const data = dataCodewords(plan, count);
  const final = new Uint8Array(totalCodewords(plan.version));
  const checks = new Uint8Array(checksPerBlock);
  const shortLength = Math.floor(count / blocks);
  const firstLong = blocks - (count % blocks);
  let start = 0;
  for (let block = 0; block < blocks; block++) {
    const end = start + shortLength + (block < firstLong ? 0 : 1);
    writeChecks(data, start, end, checks);
    for (let index = 0; index < shortLength; index++) final[index * blocks + block] = data[start + index] as number;
    if (block >= firstLong) final[count - blocks + block] = data[end - 1] as number;
    for (let index = 0; index < checksPerBlock; index++)
      final[count + index * blocks + block] = checks[index] as number;
    start = end;
  }
  return final;
}
