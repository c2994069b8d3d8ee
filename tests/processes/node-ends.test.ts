/** A node that comes to its end by itself: it meets a bug, or has no memory left. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import type { NodeRun, NodeRuntime, RunEvents } from '../../server/cluster/node-runtime.ts';
import { OLD_GENERATION_MB } from '../../server/cluster/node-runtime.ts';
import { ProcessRuntime } from '../../server/cluster/process-runtime.ts';
import { ThreadRuntime } from '../../server/cluster/thread-runtime.ts';
import type { NodeOptions } from '../../server/node/control.ts';
import { Connection } from '../../server/storage/connection.ts';
import { makeDataDir } from '../server.ts';
import { Rig, WITHIN_MS } from './rig.ts';
import { FIELDS, HEAP_MB, valueOf } from './small-heap.ts';

const SLOW_MACHINE_MS = 3 * WITHIN_MS;
/** How V8 ends a process that has no memory left. */
const BY_V8 = /SIG(?:ABRT|TRAP|ILL)/;
const MOST_WRITES = 20_000;
/** Answers of a node that nobody reads: much more than a pipe holds. */
const MANY = 100;
const LONG = { type: 'get', key: 'long', field: 'x' } as const;
const WORKER = path.resolve('dist/worker.js');
const PROCESS = path.resolve('dist/node-process.js');

/** Runs nodes as another one does, and remembers them. */
class Watched implements NodeRuntime {
  readonly runs = new Map<string, NodeRun>();
  private readonly inner: NodeRuntime;

  constructor(inner: NodeRuntime) {
    this.inner = inner;
  }

  run(options: NodeOptions, events: RunEvents): NodeRun {
    const run = this.inner.run(options, events);
    this.runs.set(options.id, run);
    return run;
  }

  layLine(...args: Parameters<NodeRuntime['layLine']>): void {
    this.inner.layLine(...args);
  }
}

describe('a node that ends by itself', { timeout: SLOW_MACHINE_MS }, () => {
  it.each([
    ['thread', () => new ThreadRuntime(WORKER)],
    ['process', () => new ProcessRuntime({ file: PROCESS })],
  ])(
    '[X11] a %s that meets a bug: others lead, its reason is told, and it stays down until it is revived',
    async (_as, inner) => {
      const runtime = new Watched(inner());
      const rig = await Rig.over(runtime);
      try {
        const victim = await rig.theLeader();
        const { term, boots } = rig.server.fold.nodeView(victim);
        await rig.set('before', 'x', 'y');
        // No case of its switch: the assertion that there is none fails.
        runtime.runs.get(victim)?.post({ type: 'nonsense' } as never);
        await rig.set('meanwhile', 'x', 'y');
        await rig.until('it has failed', () => rig.state(victim) === 'failed');
        expect(rig.server.fold.nodeView(victim)).toMatchObject({
          reason: expect.stringMatching(/unreachable|nonsense/),
          refusal: null,
        });
        const leader = await rig.theLeader();
        expect(leader).not.toBe(victim);
        expect(rig.server.fold.nodeView(leader).term).toBeGreaterThan(term);
        await rig.set('after', 'x', 'y');
        expect(rig.server.fold.nodeView(victim)).toMatchObject({ state: 'failed', boots });
        await rig.heal();
        for (const key of ['before', 'meanwhile', 'after'])
          expect(await rig.get(key, 'x')).toBe('y');
      } finally {
        await rig.destroy();
      }
    },
  );

  it('[X11] a process that meets a bug takes no further part, also while the server does not hear its last word', async () => {
    const runtime = new Watched(new ProcessRuntime({ file: PROCESS }));
    const rig = await Rig.over(runtime);
    const seen: Connection[] = [];
    try {
      await rig.set('long', 'x', valueOf(0));
      const victim = await rig.theLeader();
      const { term } = rig.server.fold.nodeView(victim);
      for (const id of rig.nodes)
        if (id !== victim) seen.push(await Connection.open(path.join(rig.dataDir, `${id}.db`)));
      const run = runtime.runs.get(victim);
      // More than there is room for between the processes; nobody is asked by these numbers.
      const items = Array.from({ length: MANY }, () => ({
        id: -1,
        query: LONG,
        level: 'local' as const,
      }));
      run?.post({ type: 'read', items });
      run?.post({ type: 'nonsense' } as never);
      await new Promise((resolve) => setImmediate(resolve));
      // This thread does nothing else meanwhile.
      expect(standUntil(() => seen.some((each) => termOf(each) > term))).toBe(true);
      await rig.until('it has ended', () => rig.state(victim) === 'failed');
      await rig.heal();
      expect(await rig.get('long', 'x')).toBe(valueOf(0));
    } finally {
      for (const each of seen) await each.close();
      await rig.destroy();
    }
  });

  it('[X12] a process without memory left: others lead, and it comes back where there is more', async () => {
    const limit = (mb: number): string => `--max-old-space-size=${mb}`;
    const command = `exec "\${@/${limit(OLD_GENERATION_MB)}/${limit(HEAP_MB)}}" 2>/dev/null`;
    let small: string | null = null;
    const runtime = new ProcessRuntime({
      file: PROCESS,
      under: (node) => (node === small ? ['bash', '-c', command, '-'] : []),
    });
    const rig = await Rig.over(runtime);
    try {
      const { supervisor, fold } = rig.server;
      const victim = await rig.aFollower();
      small = victim;
      await supervisor.kill(victim);
      await supervisor.revive(victim);
      await rig.lead(victim);
      const { boots } = fold.nodeView(victim);
      let written = 0;
      while (rig.state(victim) === 'serving' && written < MOST_WRITES) {
        const from = written;
        await Promise.all(
          Array.from({ length: FIELDS }, (_, n) => rig.set('k', `f${from + n}`, valueOf(from + n))),
        );
        written += FIELDS;
      }
      await rig.until('it has failed', () => rig.state(victim) === 'failed');
      expect(fold.nodeView(victim).reason).toMatch(BY_V8);
      expect(await rig.theLeader()).not.toBe(victim);
      // It does not fit: it fails once for each time that somebody starts it.
      await supervisor.revive(victim);
      expect(fold.nodeView(victim)).toMatchObject({ state: 'failed', boots: boots + 1 });
      small = null;
      await rig.heal();
      const read = Array.from({ length: written }, (_, n) => rig.get('k', `f${n}`));
      expect(await Promise.all(read)).toEqual(read.map((_, n) => valueOf(n)));
    } finally {
      await rig.destroy();
    }
  });

  it('[X12] a thread without memory left, which may take the server with it: nothing acknowledged is lost', async () => {
    const folder = mkdtempSync(path.resolve('dist/small-heap-'));
    const dataDir = makeDataDir();
    const file = path.join(folder, 'child.js');
    try {
      await build({
        entryPoints: ['tests/processes/small-heap-child.ts'],
        outfile: file,
        bundle: true,
        platform: 'node',
        target: 'node20.19',
        format: 'esm',
        packages: 'external',
      });
      const child = spawn(process.execPath, [file, dataDir], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const ended = new Promise<NodeJS.Signals | null>((resolve) => {
        child.once('close', (_code, signal) => resolve(signal));
      });
      const said: string[] = [];
      for await (const line of createInterface({ input: child.stdout })) said.push(line);
      const signal = await ended;
      const written = said.flatMap((line) => /^wrote (\d+)$/.exec(line)?.[1] ?? []);
      expect(written.length).toBeGreaterThan(FIELDS);
      if (signal === 'SIGKILL') expect(said.at(-1)).toMatch(/^ended failed .*memory/);
      else expect(signal).toMatch(BY_V8);
      const rig = await Rig.over(new ThreadRuntime(WORKER), dataDir);
      try {
        await rig.heal();
        for (const n of written) expect(await rig.get('k', `f${n}`)).toBe(valueOf(Number(n)));
      } finally {
        await rig.destroy();
      }
    } finally {
      for (const each of [folder, dataDir]) rmSync(each, { recursive: true, force: true });
    }
  });
});

function termOf(connection: Connection): number {
  return connection.numberOf('SELECT "term" AS "value" FROM "node_state"', []);
}

/** Whether it came to be, while nothing else ran in this thread. */
function standUntil(claim: () => boolean): boolean {
  const deadline = performance.now() + WITHIN_MS;
  while (performance.now() < deadline) {
    if (claim()) return true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  return false;
}
