import { describe, expect, it } from 'vitest';
import { ReleaseStack } from '../../shared/release-stack.ts';

function recorder() {
  const stack = new ReleaseStack();
  const released: string[] = [];
  const defer = (name: string) => stack.defer(name, () => void released.push(name));
  return { stack, released, defer };
}

describe('a release stack', () => {
  it('releases the last acquired first', async () => {
    const { stack, released, defer } = recorder();
    for (const name of ['redis', 'database', 'listener']) defer(name);
    await stack.release();
    expect(released).toEqual(['listener', 'database', 'redis']);
  });

  it('waits for each release before the next begins', async () => {
    const stack = new ReleaseStack();
    const steps: string[] = [];
    stack.defer('outer', () => void steps.push('outer'));
    stack.defer('inner', async () => {
      steps.push('inner begins');
      await Promise.resolve();
      steps.push('inner ends');
    });
    await stack.release();
    expect(steps).toEqual(['inner begins', 'inner ends', 'outer']);
  });

  it('goes on behind a release that throws and reports every failure by name and cause', async () => {
    const { stack, released, defer } = recorder();
    const first = new Error('a');
    const second = new Error('b');
    defer('redis');
    stack.defer('database', () => Promise.reject(first));
    defer('files');
    stack.defer('listener', () => {
      throw second;
    });
    const failure = (await stack.release().catch((error) => error)) as AggregateError;
    expect(released).toEqual(['files', 'redis']);
    expect(failure).toBeInstanceOf(AggregateError);
    expect(failure.errors.map(({ message, cause }) => [message, cause])).toEqual([
      ['Could not release listener', second],
      ['Could not release database', first],
    ]);
  });

  it('releases nothing twice', async () => {
    const { stack, released, defer } = recorder();
    defer('redis');
    await stack.release();
    await stack.release();
    expect(released).toEqual(['redis']);
  });

  it('lets a second caller wait until the first release is through', async () => {
    const stack = new ReleaseStack();
    let finish = () => {};
    let done = false;
    stack.defer('slow', async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      done = true;
    });
    const first = stack.release();
    const second = stack.release().then(() => done);
    finish();
    await first;
    expect(await second).toBe(true);
  });
});
