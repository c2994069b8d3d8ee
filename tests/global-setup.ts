/**
 * Bundles the server and the command line once before the tests, as `npm start` would: then no
 * test that starts a server finds them stale, and none replaces them while another runs.
 */
import { execFileSync } from 'node:child_process';

export default function setup(): void {
  execFileSync(process.execPath, ['scripts/build.mjs', 'server'], { stdio: 'inherit' });
}
