import { runChild } from '../run-child.ts';

await runChild(process, {});
