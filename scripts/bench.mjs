/** `npm run bench`: bundles the server and the benchmark and runs it; `-- --tiny` only shows that it works. */
import { ensureBuilt } from './build.mjs';
import { bundle } from './build-server.mjs';
import { main, run } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

await main(async () => {
  await ensureInstalled();
  await ensureBuilt(['server']);
  await bundle({ main: 'bench/main.ts', 'http-client': 'bench/http-client.ts' }, 'dist/bench');
  const { code } = await run(process.execPath, [
    '--enable-source-maps',
    'dist/bench/main.js',
    ...process.argv.slice(2),
  ]);
  process.exitCode = code;
});
