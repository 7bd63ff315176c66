import type { Reporter, TestModule } from 'vitest/node';

function skippedIn(module: TestModule): string[] {
  const skipped = [...module.children.allTests('skipped')].map((test) =>
    test.parent.type === 'suite' ? test.parent.fullName : test.name,
  );
  return [...new Set(skipped)].map((name) => `${module.relativeModuleId} > ${name}`);
}

/** Names every suite that was left out, so that a green run cannot hide what it did not prove. */
export default class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap(skippedIn);
    if (skipped.length === 0) return;
    console.log(`\nSkipped, for want of their TEST_ variables:\n${skipped.map((name) => `  ${name}`).join('\n')}`);
  }
}
