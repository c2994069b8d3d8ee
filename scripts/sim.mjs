/** `npm run sim`: bundles the simulator and runs it with the arguments given. */
import { bundle } from './build-server.mjs';
import { main, run } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

await main(async () => {
  await ensureInstalled();
  await bundle({ main: 'sim/main.ts' }, 'dist/sim');
  const { code } = await run(process.execPath, [
    '--enable-source-maps',
    // Nearly all garbage dies young; room for it, MB, saves a tenth of the time.
    '--min-semi-space-size=32',
    '--max-semi-space-size=64',
    // The first runs go into compiling; a quarter of the usual inlining saves a fifth of 50 seeds' processor time.
    '--max-inlined-bytecode-size-cumulative=250',
    'dist/sim/main.js',
    ...process.argv.slice(2),
  ]);
  process.exitCode = code;
});
