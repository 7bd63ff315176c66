import { writeSync } from 'node:fs';
import { pino } from 'pino';
import { connectDatabase } from '../../shared/adapters/database/connect-database.ts';
import { newRender, noon, unique } from '../suites/database/rows.ts';
import type { DatabaseTask } from './database-processes.ts';

/** A process of its own at a database, for tests; its task comes as JSON in its argument. */

const task = JSON.parse(process.argv[2] as string) as DatabaseTask;
/** Writes at once, so that what is printed is out when the process is killed; the pipe may be full for a moment. */
function print(line: string): void {
  for (let rest = Buffer.from(`${line}\n`); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

const database = await connectDatabase(task.config, pino({ level: 'silent' }));

const groupSize = 20;

/** Accepts groups of renders, each process in an order of its own, and prints what it started. */
async function accept(ids: string[]): Promise<void> {
  const offset = process.pid % ids.length;
  const rotated = [...ids.slice(offset), ...ids.slice(0, offset)];
  const groups = Array.from({ length: Math.ceil(ids.length / groupSize) }, (_, index) =>
    rotated.slice(index * groupSize, (index + 1) * groupSize),
  );
  await Promise.all(
    groups.map(async (group) => {
      const answers = await database.renders.accept(
        group.map((id) => newRender({ id })),
        noon,
      );
      for (const { row, started } of answers) if (started) print(row.id);
    }),
  );
  await database.close();
}

/** Accepts and prints for ever: it is there to be killed. */
async function acceptForEver(): Promise<void> {
  for (;;) {
    const rows = Array.from({ length: 5 }, () => newRender({ id: unique('rnd') }));
    await database.renders.accept(rows, noon);
    print(rows.map(({ id }) => id).join('\n'));
  }
}

if (task.does === 'accept') await accept(task.ids);
else if (task.does === 'accept for ever') await Promise.all([1, 2, 3].map(acceptForEver));
else await database.close();
