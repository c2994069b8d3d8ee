/**
 * `npm start`: from whatever state the clone is in to a running server. The
 * server then runs in this very process, so that signals, exit code and
 * terminal are its own, and killing the process kills the server.
 */
import { ensureBuilt } from './build.mjs';
import { main, root } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

await main(async () => {
  await ensureInstalled();
  // Without the dashboard nobody waits for its build.
  await ensureBuilt(process.env.PAGE === 'off' ? ['server'] : undefined);
  process.chdir(root);
  process.env.NODE_ENV = 'production';
  process.env.NEXT_TELEMETRY_DISABLED = '1';
  process.setSourceMapsEnabled(true);
  for (const signal of ['SIGINT', 'SIGTERM']) process.removeAllListeners(signal);
  await import(new URL('../dist/main.js', import.meta.url));
});
