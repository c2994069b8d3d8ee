/**
 * `npm run dev`: the server with Next in development mode. The page reloads by
 * itself; a change below server/, contracts/ or prisma/ builds the server again
 * and restarts it. A build that fails keeps the old server running.
 */
import { spawn } from 'node:child_process';
import { existsSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, SERVER_INPUTS } from './build.mjs';
import { main, root, say } from './run.mjs';
import { ensureInstalled } from './setup.mjs';

/** An editor writes a file in several steps; wait until it is quiet. */
const QUIET_MS = 150;
const CHANGED = Symbol('changed');

let leaving = false;

await main(async () => {
  await ensureInstalled();
  await ensureBuilt(['server']);
  const changes = watchInputs();
  let server = startServer();
  onLeave(() => server);
  for (;;) {
    const ended = await Promise.race([server.ended, changes.next()]);
    if (leaving) {
      process.exitCode = await server.ended;
      changes.close();
      return;
    }
    if (ended !== CHANGED) {
      say(`the server ended with exit code ${ended}; waiting for a change`);
      await changes.next();
    }
    say('the server changed, building it again');
    if (!(await rebuilt())) continue;
    server.stop();
    await server.ended;
    server = startServer();
  }
});

async function rebuilt() {
  try {
    await ensureInstalled();
    await ensureBuilt(['server']);
    return true;
  } catch (error) {
    say(error.message);
    return false;
  }
}

/** Runs dist/main.js as a child; `ended` resolves with its exit code. */
function startServer() {
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/main.js'], {
    cwd: root,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'development' },
    stdio: 'inherit',
  });
  const ended = new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('close', (code) => resolve(code ?? 1));
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return { ended, isRunning, stop: () => child.kill('SIGTERM') };
}

function onLeave(currentServer) {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.removeAllListeners(signal);
    process.on(signal, () => {
      leaving = true;
      const server = currentServer();
      if (!server.isRunning()) process.exit(0);
      // Ctrl-C in a terminal has reached the server already.
      if (signal === 'SIGTERM' || process.stdin.isTTY !== true) server.stop();
    });
  }
}

/** `next` resolves after the next change; a change during a build is not lost. */
function watchInputs() {
  let pending = false;
  let waiting = null;
  let timer = null;
  const settle = () => {
    if (waiting === null) {
      pending = true;
      return;
    }
    const resolve = waiting;
    waiting = null;
    resolve(CHANGED);
  };
  const watchers = SERVER_INPUTS.filter((input) => existsSync(join(root, input))).map((input) => {
    const path = join(root, input);
    return watch(path, { recursive: statSync(path).isDirectory() }, (_kind, name) => {
      if (String(name).startsWith('generated')) return;
      clearTimeout(timer);
      timer = setTimeout(settle, QUIET_MS);
    });
  });
  return {
    next() {
      return new Promise((resolve) => {
        waiting = resolve;
        if (pending) {
          pending = false;
          settle();
        }
      });
    },
    close() {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}
