/**
 * A process that may open few files: it has two left when it asks for a line, one too few,
 * and has them all back later. Says how many lines it had before that, and in the end.
 */
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessRuntime } from '../../server/cluster/process-runtime.ts';

const FREE = 2;
/** It has tried by then, and failed. */
const TRIES_MS = 500;

const runtime = new ProcessRuntime({ file: '' });
let laid = 0;

function lay(): Promise<void> {
  return new Promise((resolve) => {
    runtime.layLine((one, other) => {
      laid++;
      for (const end of [one, other]) if ('destroy' in end) end.destroy();
      resolve();
    });
  });
}

/** As a server does, it lives on whatever happens. */
const alive = setInterval(() => {}, TRIES_MS);
// The first one opens what stays open.
await lay();
await delay(TRIES_MS);
const held: number[] = [];
try {
  for (;;) held.push(openSync('/dev/null', 'r'));
} catch {
  for (let i = 0; i < FREE; i++) closeSync(held.pop() ?? 0);
}
const later = [lay(), lay()];
await delay(TRIES_MS);
const early = laid;
for (const descriptor of held) closeSync(descriptor);
await Promise.all(later);
clearInterval(alive);
process.stdout.write(`${early} ${laid}\n`);
