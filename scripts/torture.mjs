/** `npm run torture`: bundles the server and the clients, and runs them with the arguments given. */
import { bundle } from './build-server.mjs';
import { ensureBuilt } from './build.mjs';
import { main, run } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

await main(async () => {
  await ensureInstalled();
  await ensureBuilt(['server']);
  await bundle(
    { main: 'torture/main.ts', 'client-process': 'torture/client-process.ts' },
    'dist/torture',
  );
  const { code } = await run(process.execPath, [
    '--enable-source-maps',
    'dist/torture/main.js',
    ...process.argv.slice(2),
  ]);
  process.exitCode = code;
});
