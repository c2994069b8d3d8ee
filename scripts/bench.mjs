/**
 * `npm run bench`: bundles the server and the benchmark and runs it; `-- scale` is the benchmark of
 * many versions, `-- page` that of open pages; `-- --tiny` only shows that it works.
 */
import { ensureBrowser } from './browser.mjs';
import { ensureBuilt } from './build.mjs';
import { bundle } from './build-server.mjs';
import { main, run } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

await main(async () => {
  await ensureInstalled();
  const [named] = process.argv.slice(2);
  const which = named === 'scale' || named === 'page' ? named : 'main';
  await ensureBuilt(which === 'page' ? undefined : ['server']);
  const entryPoints = {
    main: 'bench/main.ts',
    scale: 'bench/scale.ts',
    page: 'bench/page.ts',
    'http-client': 'bench/http-client.ts',
  };
  await bundle(entryPoints, 'dist/bench');
  const { code } = await run(
    process.execPath,
    ['--enable-source-maps', `dist/bench/${which}.js`, ...process.argv.slice(2)],
    which === 'page' ? { env: { CHROMIUM_PATH: await ensureBrowser() } } : {},
  );
  process.exitCode = code;
});
