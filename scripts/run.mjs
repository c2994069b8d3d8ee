/**
 * What every script here needs to run other programs: one way to say what
 * happens, one way to start a child and learn how it ended. No dependencies:
 * these files run before anything is installed.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the project, wherever it was called from. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** A failure that one line explains; anything else that is thrown is a bug and keeps its stack. */
export class PlainError extends Error {}

/** One line per step, so that a person waiting knows why. */
export function say(line) {
  process.stdout.write(`[chronoraft] ${line}\n`);
}

/** Path of a tool that `npm ci` installed. */
export function tool(name) {
  return join(root, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name);
}

/** First of the named programs that is on the PATH, or null. */
export function onPath(names) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const name of names) {
    for (const folder of folders) {
      const file = join(folder, process.platform === 'win32' ? `${name}.exe` : name);
      if (existsSync(file)) return file;
    }
  }
  return null;
}

/**
 * Runs a program to its end. `quiet` keeps its output and returns it, otherwise
 * the program writes to our terminal. A program that cannot be started answers
 * 127; one that outlives `timeoutMs` is killed, with its children, and answers 124.
 */
export function run(command, args = [], { env = {}, quiet = false, timeoutMs = 0 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
      // A group of its own, so that a time-out ends the whole tree.
      detached: timeoutMs > 0 && process.platform !== 'win32',
      shell: process.platform === 'win32',
    });
    let output = '';
    let timedOut = false;
    child.stdout?.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      output += chunk;
    });
    const end = () => killTree(child);
    const timer =
      timeoutMs > 0
        ? setTimeout(() => {
            timedOut = true;
            end();
          }, timeoutMs)
        : null;
    if (timeoutMs > 0) process.once('exit', end);
    const finish = (code) => {
      if (timer !== null) clearTimeout(timer);
      process.removeListener('exit', end);
      resolve({ code, output, timedOut });
    };
    child.once('error', (error) => {
      output += error.message;
      finish(127);
    });
    child.once('close', (code, signal) => {
      finish(timedOut ? 124 : (code ?? (signal === 'SIGINT' ? 130 : 143)));
    });
  });
}

function killTree(child) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}

/** Runs a script's main function: a plain failure becomes one line and exit code 1. */
export async function main(body) {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    // Children of the terminal's group get the signal too; leaving runs the `exit` clean-up above.
    process.once(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143));
  }
  try {
    await body();
  } catch (error) {
    // What `parseArgs` says of a wrong option is for whoever typed it.
    const plain = error instanceof PlainError || error?.code?.startsWith('ERR_PARSE_ARGS');
    process.stderr.write(plain ? `[chronoraft] ${error.message}\n` : `${error?.stack ?? error}\n`);
    process.exitCode = 1;
  }
}

/** True when the named module is the program that was started, not an import. */
export function isMain(moduleUrl) {
  return process.argv[1] !== undefined && fileURLToPath(moduleUrl) === process.argv[1];
}
