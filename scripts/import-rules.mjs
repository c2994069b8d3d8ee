/**
 * Who may import whom. Each layer names all that it may see of ours; the rest is
 * forbidden. `types` may be imported as types only. `packages` is what it may
 * see of others: 'any', or a list; a layer that names none sees no package and
 * no module of Node, which is what makes the core portable and the simulator
 * true. A path that ends in '/' means the folder.
 */
const CORE = ['server/base/', 'server/raft/', 'server/kv/', 'server/ports/'];
const CORE_TYPES = ['server/raft/', 'server/kv/'];
const SETTING_TYPES = ['server/logger.ts', 'server/config.ts'];

/** A file belongs to the first layer that has it. */
export const LAYERS = [
  { of: ['contracts/'], may: ['contracts/'], packages: ['zod'] },
  { of: ['server/base/'], may: ['server/base/'] },
  { of: ['server/raft/'], may: ['server/raft/', 'server/base/'] },
  { of: ['server/kv/'], may: ['server/kv/', 'server/base/'] },
  {
    of: ['server/ports/'],
    may: [
      'server/ports/',
      'server/base/',
      'server/kv/cell-name.ts',
      'server/kv/types.ts',
      'server/kv/queries.ts',
      'server/kv/version-pack.ts',
    ],
    types: CORE_TYPES,
  },
  {
    of: ['server/storage/'],
    may: [
      'server/storage/',
      'server/ports/',
      'server/base/',
      'server/kv/value.ts',
      'server/kv/version-pack.ts',
      'server/kv/version-columns.ts',
      'server/kv/version-values.ts',
      'prisma/generated/',
    ],
    types: CORE_TYPES,
    packages: 'any',
  },
  {
    of: ['server/transport/'],
    may: ['server/transport/', 'server/ports/', 'server/base/', 'server/node/control.ts'],
    types: [...CORE_TYPES, 'server/node/pace-control.ts'],
    packages: 'any',
  },
  // Here real ports are built.
  {
    of: [
      'server/node/run-node.ts',
      'server/node/worker.ts',
      'server/node/node-process.ts',
      'server/node/real-clock.ts',
    ],
    may: ['server/node/', 'server/storage/', 'server/transport/', ...CORE],
    packages: 'any',
  },
  // The host takes ports only, so that the simulator runs this very code.
  { of: ['server/node/'], may: ['server/node/', ...CORE], packageTypes: ['node:worker_threads'] },
  {
    of: ['server/cluster/'],
    may: [
      'server/cluster/',
      'server/node/control.ts',
      'server/node/control-wire.ts',
      'server/node/pause-gate.ts',
      'server/kv/command.ts',
      'server/storage/file-lock.ts',
      'server/base/',
      'contracts/',
    ],
    types: [
      ...CORE_TYPES,
      'server/ports/',
      'server/node/pace-control.ts',
      'server/node/worker.ts',
      'server/node/node-process.ts',
      'server/node/write-stages.ts',
      ...SETTING_TYPES,
    ],
    packages: 'any',
  },
  {
    of: ['server/backup/'],
    may: [
      'server/backup/',
      'server/cluster/',
      'server/kv/bytes-order.ts',
      'server/kv/value.ts',
      'server/base/',
      'contracts/',
    ],
    types: ['server/kv/types.ts', 'server/kv/queries.ts'],
    packages: 'any',
  },
  {
    of: ['server/lab/'],
    may: [
      'server/lab/',
      'server/cluster/',
      'server/node/control.ts',
      'server/base/',
      'checks/',
      'contracts/',
    ],
    types: ['server/kv/types.ts', 'server/kv/queries.ts'],
    packages: 'any',
  },
  {
    of: ['server/watch/'],
    may: ['server/watch/', 'server/kv/value.ts', 'server/base/'],
    types: [
      'server/kv/types.ts',
      'server/kv/queries.ts',
      'server/node/control.ts',
      'server/cluster/',
    ],
  },
  // Metrics, traces and logs for operators.
  {
    of: ['server/observe/'],
    may: ['server/observe/', 'server/cluster/', 'server/base/', 'contracts/'],
    types: [
      'server/node/control.ts',
      'server/node/write-stages.ts',
      'server/raft/types.ts',
      ...SETTING_TYPES,
    ],
    packages: 'any',
  },
  {
    of: ['server/access/'],
    may: ['server/access/', 'server/base/', 'contracts/'],
    types: ['server/kv/types.ts', 'server/kv/queries.ts', 'server/cluster/', ...SETTING_TYPES],
    packages: 'any',
  },
  {
    of: ['server/http/'],
    may: [
      'server/http/',
      'server/observe/',
      'server/access/',
      'server/backup/',
      'server/lab/',
      'server/watch/',
      'server/cluster/',
      'server/base/',
      'contracts/',
    ],
    types: [
      'server/kv/types.ts',
      'server/kv/queries.ts',
      'server/ports/clock.ts',
      ...SETTING_TYPES,
    ],
    packages: 'any',
  },
  {
    of: ['server/live/'],
    may: [
      'server/live/',
      'server/access/',
      'server/watch/',
      'server/cluster/',
      'server/base/',
      'contracts/',
    ],
    types: ['server/kv/types.ts', 'server/kv/queries.ts', ...SETTING_TYPES],
    packages: 'any',
  },
  // Only the composition root, the files right here, knows all the parts.
  {
    of: ['server/'],
    may: [
      'server/main.ts',
      'server/server.ts',
      'server/config.ts',
      'server/logger.ts',
      'server/access/',
      'server/backup/',
      'server/cluster/',
      'server/http/',
      'server/lab/',
      'server/live/',
      'server/observe/',
      'server/watch/',
      'server/node/real-clock.ts',
      'server/ports/paced-clock.ts',
      'server/base/',
      'contracts/',
    ],
    packages: 'any',
  },
  // Pure judges of histories, for the simulator and for the lab.
  { of: ['checks/'], may: ['checks/', 'server/base/'] },
  {
    of: ['sim/'],
    may: [
      'sim/',
      'checks/',
      'server/node/node-host.ts',
      // A simulated disk is judged as a real one.
      'server/storage/verify.ts',
      'server/storage/checksum.ts',
      'server/storage/errors.ts',
      ...CORE,
    ],
    types: ['server/node/control.ts', 'server/node/compaction.ts'],
    packages: 'any',
  },
  // Real processes, real disks; crash states are judged by the store's own code.
  {
    of: ['torture/crash-states/'],
    may: [
      'torture/crash-states/',
      'server/storage/prisma-storage.ts',
      'server/storage/open-store.ts',
      'server/ports/',
      'server/kv/version-pack.ts',
      'server/base/',
    ],
    types: CORE_TYPES,
    packages: 'any',
  },
  // The library for programs: a package of its own, which carries no other.
  {
    of: ['client/kv/'],
    may: [
      'client/kv/',
      'client/http-client.ts',
      'client/api-failure.ts',
      'client/api-request.ts',
      'client/write-outcome.ts',
    ],
    types: ['contracts/'],
  },
  { of: ['client/'], may: ['client/', 'contracts/'], packages: 'any' },
  // A program of its own, that knows the server by its API alone.
  { of: ['cli/'], may: ['cli/', 'client/', 'contracts/'], packages: 'any' },
  // The server as a library: it starts one as its program does, and speaks to it by its API.
  {
    of: ['embed/'],
    may: [
      'embed/',
      'client/kv/index.ts',
      'client/http-client.ts',
      'client/fault-requests.ts',
      'contracts/',
      'server/server.ts',
      'server/config.ts',
      'server/logger.ts',
      'server/base/start-errors.ts',
    ],
    types: ['client/api-request.ts'],
    packages: 'any',
  },
  { of: ['components/'], may: ['components/', 'client/', 'contracts/'], packages: 'any' },
  { of: ['app/'], may: ['app/', 'components/', 'client/', 'contracts/'], packages: 'any' },
  // The server from outside, for programs that start one.
  { of: ['harness/'], may: ['harness/'], packages: 'any' },
  {
    of: ['bench/'],
    may: [
      'bench/',
      'harness/',
      'contracts/',
      'server/server.ts',
      'server/config.ts',
      'server/logger.ts',
      'server/kv/',
    ],
    packages: 'any',
  },
  // Whole servers and programs around them, known by their API; judged as the lab judges.
  {
    of: ['torture/'],
    may: [
      'torture/',
      'harness/',
      'checks/',
      'client/kv/',
      'contracts/',
      'server/base/',
      'server/lab/judge.ts',
      'server/lab/keys.ts',
    ],
    packages: 'any',
  },
  // The page's tests stand where a user stands; the list of pages is theirs to walk.
  {
    of: ['tests/e2e/'],
    may: ['tests/e2e/', 'harness/', 'client/', 'contracts/', 'components/nav/pages.ts'],
    packages: 'any',
  },
  {
    of: ['tests/'],
    may: [
      'tests/',
      'torture/',
      'app/',
      'bench/',
      'checks/',
      'cli/',
      'client/',
      'components/',
      'contracts/',
      'embed/',
      'harness/',
      'scripts/',
      'server/',
      'sim/',
      'torture/',
    ],
    packages: 'any',
  },
];
