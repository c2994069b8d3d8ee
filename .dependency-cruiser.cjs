/**
 * Who may import whom. Each layer names all that it may see; the rest is
 * forbidden. `types` may be imported with `import type` only. A layer without
 * `outside` sees no package and no module of Node at all, which is what makes
 * the core portable and the simulator true.
 *
 * Run through scripts/check-imports.mjs. TypeScript 7 has no API that this tool
 * knows, so it parses with swc, which does not tell `import type` from `import`:
 * the script does. Circles are oxlint's to find, which knows the difference.
 */

const CORE = ['server/base/', 'server/raft/', 'server/kv/', 'server/ports/'];

const LAYERS = [
  { name: 'contracts', from: 'contracts/', may: ['contracts/'], outside: ['zod'] },
  { name: 'base', from: 'server/base/', may: ['server/base/'] },
  { name: 'raft', from: 'server/raft/', may: ['server/raft/', 'server/base/'] },
  { name: 'kv', from: 'server/kv/', may: ['server/kv/', 'server/base/'] },
  {
    name: 'ports',
    from: 'server/ports/',
    may: ['server/ports/'],
    types: ['server/raft/', 'server/kv/', 'server/base/'],
  },
  {
    name: 'storage',
    from: 'server/storage/',
    may: ['server/storage/', 'server/ports/', 'server/base/', 'prisma/generated/'],
    types: ['server/raft/', 'server/kv/'],
    outside: 'any',
  },
  {
    name: 'transport',
    from: 'server/transport/',
    may: ['server/transport/', 'server/ports/', 'server/base/', 'server/node/control.ts'],
    types: ['server/raft/'],
    outside: 'any',
  },
  // The host takes ports only, so that the simulator runs this very code.
  {
    name: 'node',
    from: 'server/node/',
    but: ['server/node/worker.ts', 'server/node/real-clock.ts'],
    may: ['server/node/', ...CORE],
    types: ['worker_threads$'],
  },
  // Here real ports are built.
  {
    name: 'node-worker',
    from: 'server/node/(worker|real-clock).ts',
    may: ['server/node/', 'server/storage/', 'server/transport/', ...CORE],
    outside: 'any',
  },
  {
    name: 'metrics',
    from: 'server/metrics/',
    may: ['server/metrics/', 'server/base/', 'contracts/'],
    outside: 'any',
  },
  {
    name: 'cluster',
    from: 'server/cluster/',
    may: [
      'server/cluster/',
      'server/node/control.ts',
      'server/kv/command.ts',
      'server/metrics/',
      'server/base/',
      'contracts/',
    ],
    types: [
      'server/kv/types.ts',
      'server/raft/types.ts',
      'server/raft/messages.ts',
      'server/logger.ts',
      'server/config.ts',
    ],
    outside: 'any',
  },
  {
    name: 'http',
    from: 'server/http/',
    may: ['server/http/', 'server/cluster/', 'server/metrics/', 'server/base/', 'contracts/'],
    types: ['server/kv/types.ts', 'server/logger.ts', 'server/config.ts'],
    outside: 'any',
  },
  {
    name: 'live',
    from: 'server/live/',
    may: ['server/live/', 'server/cluster/', 'server/metrics/', 'server/base/', 'contracts/'],
    types: ['server/logger.ts', 'server/config.ts'],
    outside: 'any',
  },
  // Only the composition root knows all the parts; none of them knows it.
  {
    name: 'main',
    from: 'server/[^/]+.ts',
    may: [
      'server/[^/]+.ts',
      'server/cluster/',
      'server/http/',
      'server/live/',
      'server/metrics/',
      'server/base/',
      'contracts/',
    ],
    outside: 'any',
  },
  {
    name: 'sim',
    from: 'sim/',
    may: ['sim/', 'server/node/node-host.ts', ...CORE],
    types: ['server/node/control.ts'],
    outside: 'any',
  },
  { name: 'client', from: 'client/', may: ['client/', 'contracts/'], outside: 'any' },
  {
    name: 'components',
    from: 'components/',
    may: ['components/', 'client/', 'contracts/'],
    outside: 'any',
  },
  {
    name: 'app',
    from: 'app/',
    may: ['app/', 'components/', 'client/', 'contracts/'],
    outside: 'any',
  },
  { name: 'cli', from: 'cli/', may: ['cli/', 'client/', 'contracts/'], outside: 'any' },
  {
    name: 'bench',
    from: 'bench/',
    may: ['bench/', 'client/', 'contracts/', 'server/cluster/'],
    outside: 'any',
  },
  // The page's tests stand where a user stands.
  { name: 'e2e', from: 'tests/e2e/', may: ['tests/e2e/', 'client/', 'contracts/'], outside: 'any' },
];

const OURS = '^(app|bench|cli|client|components|contracts|prisma|scripts|server|sim|tests)/';

function pattern(paths) {
  return paths.length === 0
    ? '^$'
    : `^(${paths.map((path) => path.replace('.ts', '\\.ts$')).join('|')})`;
}

function rulesOf({ name, from, but = [], may, types = [], outside = [] }) {
  const origin = { path: pattern([from]), pathNot: pattern(but) };
  const packages = outside === 'any' ? [] : outside.map((one) => `node_modules/${one}/`);
  return [
    {
      name: `${name}-imports`,
      severity: 'error',
      from: origin,
      to: {
        ...(outside === 'any' ? { path: OURS } : {}),
        pathNot: pattern([...may, ...types, ...packages]),
      },
    },
    {
      name: `${name}-imports-types-only`,
      severity: 'error',
      from: origin,
      to: { path: pattern(types), pathNot: pattern(may) },
    },
  ];
}

module.exports = {
  forbidden: [
    ...LAYERS.flatMap(rulesOf),
    {
      name: 'nobody-imports-tests',
      severity: 'error',
      from: { pathNot: '^tests/' },
      to: { path: '^tests/' },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    detectJSDocImports: false,
    doNotFollow: { path: ['node_modules', 'prisma/generated'] },
    exclude: { path: ['\\.(css|woff2?)$', '^next-env'] },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
