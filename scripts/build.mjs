/**
 * Builds what is stale: the dashboard (`next build` into .next), the server (one
 * bundle for the main thread, one for a node's worker, one for the command line,
 * into dist) and the libraries for programs (dist/client, dist/server). `build.mjs server`
 * builds only that. Stale is decided by the content of the inputs, so a second
 * start builds nothing.
 */
import { hashOf, isFresh, writeStamp } from './freshness.mjs';
import { isMain, main, PlainError, run, say, tool } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

export const NO_TELEMETRY = { NEXT_TELEMETRY_DISABLED: '1' };

/** What the server bundle is made from; the development script watches the same folders. */
export const SERVER_INPUTS = [
  'server',
  'checks',
  'contracts',
  'prisma',
  'scripts/build-server.mjs',
  'package-lock.json',
  'tsconfig.base.json',
];

const PRODUCTS = [
  {
    name: 'dashboard',
    about: 'about half a minute',
    product: '.next/BUILD_ID',
    stamp: '.next/.inputs',
    inputs: [
      'app',
      'components',
      'client',
      'contracts',
      'public',
      'next.config.js',
      'postcss.config.mjs',
      'package-lock.json',
      'tsconfig.json',
      'tsconfig.base.json',
    ],
    build: () =>
      run(tool('next'), ['build'], {
        quiet: true,
        env: { ...NO_TELEMETRY, NODE_ENV: 'production' },
      }),
  },
  {
    name: 'server',
    about: 'a second',
    product: 'dist/main.js',
    stamp: 'dist/.inputs',
    // The command line is bundled beside it.
    inputs: [...SERVER_INPUTS, 'cli', 'client'],
    build: () => run(process.execPath, ['scripts/build-server.mjs'], { quiet: true }),
  },
  {
    name: 'client library',
    about: 'some seconds',
    product: 'dist/client/index.d.ts',
    stamp: 'dist/client/.inputs',
    inputs: [
      'client',
      'contracts',
      'scripts/build-client.mjs',
      'package-lock.json',
      'tsconfig.client.json',
      'tsconfig.base.json',
    ],
    build: () => run(process.execPath, ['scripts/build-client.mjs'], { quiet: true }),
  },
  {
    name: 'server library',
    about: 'some seconds',
    product: 'dist/server/index.d.ts',
    stamp: 'dist/server/.inputs',
    inputs: [...SERVER_INPUTS, 'embed', 'client', 'scripts/build-embed.mjs', 'tsconfig.embed.json'],
    build: () => run(process.execPath, ['scripts/build-embed.mjs'], { quiet: true }),
  },
];

/** Builds what is stale among the named products; all of them by default. */
export async function ensureBuilt(names = PRODUCTS.map(({ name }) => name)) {
  for (const product of PRODUCTS) {
    if (names.includes(product.name)) await ensureProduct(product);
  }
}

async function ensureProduct({ name, about, product, stamp, inputs, build }) {
  const hash = hashOf(inputs, process.versions.node.split('.')[0]);
  if (isFresh(stamp, hash, product)) return;
  say(`building the ${name} (${about})`);
  const { code, output } = await build();
  if (code !== 0)
    throw new PlainError(`building the ${name} failed with exit code ${code}:\n${output}`);
  writeStamp(stamp, hash);
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await ensureInstalled();
    const names = process.argv.slice(2);
    await ensureBuilt(names.length > 0 ? names : undefined);
    say('built');
  });
}
