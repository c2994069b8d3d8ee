/**
 * `npm run bench`: bundles the server and the benchmark and runs it; `-- scale` is the benchmark of
 * many versions; `-- --tiny` only shows that it works.
 */
import { ensureBuilt } from './build.mjs';
import { bundle } from './build-server.mjs';
import { main, run } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

await main(async () => {
  await ensureInstalled();
  await ensureBuilt(['server']);
  const entryPoints = {
    main: 'bench/main.ts',
    scale: 'bench/scale.ts',
    'http-client': 'bench/http-client.ts',
  };
  await bundle(entryPoints, 'dist/bench');
  const isScale = process.argv[2] === 'scale';
  const { code } = await run(process.execPath, [
    '--enable-source-maps',
    `dist/bench/${isScale ? 'scale' : 'main'}.js`,
    ...process.argv.slice(2),
  ]);
  process.exitCode = code;
});
