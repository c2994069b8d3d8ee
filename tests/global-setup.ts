/**
 * Bundles the server, the command line and the libraries once before the tests, as `npm start` would:
 * then no test that starts a server finds them stale, and none replaces them while another runs.
 */
import { execFileSync } from 'node:child_process';

export default function setup(): void {
  const products = ['server', 'client library', 'server library'];
  execFileSync(process.execPath, ['scripts/build.mjs', ...products], { stdio: 'inherit' });
}
