import { defaultTenant } from '../../shared/domain/access.ts';
import { recount } from '../recount.ts';
import { listKeys, listTenants, makeKey, makeTenant, revokeKey, setTenantStatus } from './access.ts';
import type { AdminContext } from './admin-context.ts';
import { backup } from './backup.ts';
import { check } from './check.ts';
import { purgeCache } from './purge-cache.ts';
import { purgeNow } from './purge-now.ts';

type Command = {
  /** Its arguments, as the list of commands shows them. */
  usage: string;
  does: string;
  /** Answers the exit code. @throws TypeError when the arguments are not as in `usage` */
  run: (context: AdminContext, args: string[]) => Promise<number>;
};

/** Every command of `npm run admin`. */
export const commands: Record<string, Command> = {
  check: {
    usage: '[all]',
    does: 'looks at stores, queues, journal, disk, and objects without a row and rows without theirs: for some seconds, or all',
    run: async (context, args) => {
      if (args.length > 1 || (args[0] ?? 'all') !== 'all') throw new TypeError();
      return (await check(context, { isWhole: args.length === 1 })) === 0 ? 0 : 1;
    },
  },
  backup: {
    usage: 'FOLDER',
    does: 'copies what lies in DATA_DIR into a new folder, beside the running service',
    run: async (context, args) => {
      await backup(context, one(args));
      return 0;
    },
  },
  recount: {
    usage: '[CODE]',
    does: 'compares counts with the ledger of scans and mends them, of one code (id or slug) or all',
    run: async (context, args) => {
      if (args.length > 1) throw new TypeError();
      const { say, now } = context;
      const told = await recount({ database: await context.database(), say, now }, args[0] ?? null);
      say(`${told.codes} codes: ${told.wrong} wrong, ${told.left} not mended`);
      return told.left === 0 ? 0 : 1;
    },
  },
  purge: {
    usage: '',
    does: 'removes now what has outlived its time, and objects that nobody owns',
    run: async (context, args) => {
      none(args);
      await purgeNow(context);
      return 0;
    },
  },
  'purge-cache': {
    usage: 'RENDER-ID | CODE | all',
    does: 'forgets it in memory and Redis, and says what to tell a CDN',
    run: async (context, args) => {
      await purgeCache(context, one(args));
      return 0;
    },
  },
  keys: {
    usage: 'list [TENANT] | make TENANT ROLE NAME | revoke ID',
    does: 'API keys',
    run: async (context, [verb, ...args]) => {
      if (verb === 'list' && args.length <= 1) await listKeys(context, args[0] ?? defaultTenant);
      else if (verb === 'make' && args.length === 3) await makeKey(context, args);
      else if (verb === 'revoke') await revokeKey(context, one(args));
      else throw new TypeError();
      return 0;
    },
  },
  tenants: {
    usage: 'list | make NAME | suspend ID | activate ID',
    does: 'tenants',
    run: async (context, [verb, ...args]) => {
      if (verb === 'list' && args.length === 0) await listTenants(context);
      else if (verb === 'make') await makeTenant(context, one(args));
      else if (verb === 'suspend') await setTenantStatus(context, one(args), 'suspended');
      else if (verb === 'activate') await setTenantStatus(context, one(args), 'active');
      else throw new TypeError();
      return 0;
    },
  },
};

function none(args: string[]): void {
  if (args.length > 0) throw new TypeError();
}

function one(args: string[]): string {
  const [only, ...more] = args;
  if (only === undefined || more.length > 0) throw new TypeError();
  return only;
}
