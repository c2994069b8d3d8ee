/**
 * A process that may open few files: it has two left when it asks for a line, one too few,
 * and has them all back later. Says how many lines it had before that, and in the end.
 */
import { closeSync, openSync } from 'node:fs';
import { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessRuntime } from '../../server/cluster/process-runtime.ts';

const FREE = 2;
const LOOK_MS = 20;

const runtime = new ProcessRuntime({ file: '' });
let laid = 0;
/** Each begins with a port of its own; one after another. */
let tries = 0;
// oxlint-disable-next-line typescript/unbound-method -- it is called of a server
const { listen } = Server.prototype;
Server.prototype.listen = function (this: Server, ...args: Parameters<typeof listen>) {
  tries++;
  return listen.apply(this, args);
} as typeof listen;

function lay(): Promise<void> {
  return new Promise((resolve) => {
    runtime.layLine((one, other) => {
      laid++;
      for (const end of [one, other]) if ('destroy' in end) end.destroy();
      resolve();
    });
  });
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(LOOK_MS);
}

/** As a server does, it lives on whatever happens. */
const alive = setInterval(() => {}, 1000);
// The first one opens what stays open.
await lay();
await until(() => process.getActiveResourcesInfo().every((each) => !/TCP/.test(each)));
const held: number[] = [];
try {
  for (;;) held.push(openSync('/dev/null', 'r'));
} catch {
  for (let i = 0; i < FREE; i++) closeSync(held.pop() ?? 0);
}
const later = [lay(), lay()];
// It has tried, and failed, before it tries anew.
await until(() => tries > 2);
const early = laid;
for (const descriptor of held) closeSync(descriptor);
await Promise.all(later);
clearInterval(alive);
process.stdout.write(`${early} ${laid}\n`);
