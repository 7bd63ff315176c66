import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { houseProblems, importsOf } from './house-rules.ts';
import { root, sourceFiles } from './source-files.ts';

describe('who may know whom', () => {
  it('holds in every source file', () => {
    const files = sourceFiles();
    expect(files.length).toBeGreaterThan(20);
    expect(files.flatMap(houseProblems)).toEqual([]);
  });

  it('sees every way to import', () => {
    const text = [
      `import a from 'a';`,
      `import { b,\n  type B } from "b";`,
      `import type { C } from 'c';`,
      `import * as d from 'd';`,
      `import 'e';`,
      `export { f } from 'f';`,
      `export * from 'g';`,
      `const h = await import('h');`,
      `type I = import('i').I;`,
      `const j = require('j');`,
      `import k, { l } from './k.ts';`,
    ].join('\n');
    expect(importsOf(text).sort()).toEqual(['./k.ts', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']);
  });

  it.each([
    ['api/renders.ts', `import { drawRender } from '../workers/image/draw.ts';`],
    ['workers/render-codes.ts', `import type { App } from '../api/app.ts';`],
    ['shared/config.ts', `export { x } from '../api/app.ts';`],
    ['shared/domain/plan.ts', `const fs = await import('node:fs');`],
    ['shared/domain/plan.ts', `import { z } from 'zod';`],
    ['shared/domain/plan.ts', `import { jobs } from '../contract/jobs.ts';`],
    ['shared/domain/plan.ts', `export const now = () => Date.now();`],
    ['shared/domain/plan.ts', `export const lot = () => Math.random();`],
    ['shared/contract/jobs.ts', `import type { Database } from '../adapters/database/database.ts';`],
    ['shared/contract/jobs.ts', `import { Queue } from 'bullmq';`],
    ['shared/adapters/queues.ts', `import Koa from 'koa';`],
    ['shared/release-stack.ts', `import { connectQueues } from './adapters/queues.ts';`],
    ['workers/process-job.ts', `import type { Job } from 'bullmq';`],
    ['api/renders.ts', `import sharp from 'sharp';`],
    ['api/renders.ts', `import { create } from 'qrcode/lib/core/qrcode.js';`],
    ['api/renders.ts', `import left from 'left-pad';`],
    ['api/renders.ts', `import { main } from './main.ts';`],
    ['api/renders.ts', `import { app } from './app';`],
    ['api/renders.ts', `import { fake } from '../test/support/fake.ts';`],
    ['api/app.ts', `const port = process.env.PORT;`],
    ['api/app.ts', `process.exit(1);`],
    ['workers/pool.ts', `process.once('SIGTERM', stop);`],
    ['shared/config.ts', `import { env } from 'node:process';`],
    ['helpers/things.ts', ``],
  ])('forbids in %s: %s', (path, text) => {
    expect(houseProblems({ path, text })).toHaveLength(1);
  });

  it.each([
    ['api/main.ts', `process.on('SIGTERM', stop); const { env } = process;`],
    ['start.ts', `process.exit(2); parseConfig(process.env, 'start');`],
    ['shared/domain/identity.ts', `import { createHmac } from 'node:crypto'; import { AppError } from '../errors.ts';`],
    [
      'shared/contract/render-answer.ts',
      `import { z } from 'zod'; import type { Content } from '../domain/content/content.ts';`,
    ],
    ['shared/adapters/database/mongo/renders.ts', `import mongoose from 'mongoose'; // not process.env`],
    ['workers/image/png.ts', `import { create } from 'qrcode';`],
  ])('allows in %s: %s', (path, text) => {
    expect(houseProblems({ path, text })).toEqual([]);
  });
});

describe('an import', () => {
  it('opens nothing: no connection, no timer, no listener, in any file but the entries of processes and threads', async () => {
    const files = sourceFiles().map(({ path }) => path);
    const compiled = files
      .filter((path) => !/(^|\/)main\.ts$|-thread\.ts$|^start\.ts$/.test(path))
      .map((path) => join(root, 'dist', path.replace(/\.ts$/, '.js')));
    const script = `
      for (const file of ${JSON.stringify(compiled)}) await import(file);
      const standardStreams = ['PipeWrap', 'TTYWrap', 'CloseReq', 'FSReqPromise'];
      const open = process.getActiveResourcesInfo().filter((kind) => !standardStreams.includes(kind));
      console.log(JSON.stringify(open));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(JSON.parse(stdout)).toEqual([]);
  });
});
