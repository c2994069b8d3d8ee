/** A real server whose nodes are processes of a build with failpoints, or run as a test wants it. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { must } from '../../server/base/assert.ts';
import type { WriteOutcome } from '../../server/cluster/kv-service.ts';
import type { NodeRuntime } from '../../server/cluster/node-runtime.ts';
import { ProcessRuntime } from '../../server/cluster/process-runtime.ts';
import { readConfig } from '../../server/config.ts';
import { createLogger } from '../../server/logger.ts';
import type { Arming } from '../../server/node/armed-failpoints.ts';
import { startServer } from '../../server/server.ts';
import type { RunningServer } from '../../server/server.ts';
import { makeDataDir } from '../server.ts';

/** Whatever is awaited happens soon; a machine that is busy with other things may take its time. */
export const WITHIN_MS = 60_000;

export interface RigOptions {
  /** A command that runs the node for us. */
  readonly under?: (node: string) => readonly string[];
  readonly env?: Record<string, string>;
}

/** Bundled once for all rigs of a test file, inside the project so that packages are found. */
export async function buildNodes(): Promise<{ readonly file: string; remove(): void }> {
  const folder = mkdtempSync(path.resolve('dist/failpoints-'));
  await build({
    entryPoints: { 'node-process': 'server/node/node-process.ts' },
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    packages: 'external',
    define: { FAILPOINTS: 'true' },
  });
  return {
    file: path.join(folder, 'node-process.js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export class Rig {
  readonly dataDir: string;
  readonly server: RunningServer;
  private readonly children: Map<string, ChildProcess>;
  private readonly armings: Map<string, Arming>;

  private constructor(
    dataDir: string,
    server: RunningServer,
    children: Map<string, ChildProcess>,
    armings: Map<string, Arming>,
  ) {
    this.dataDir = dataDir;
    this.server = server;
    this.children = children;
    this.armings = armings;
  }

  static async start(file: string, options: RigOptions = {}): Promise<Rig> {
    const children = new Map<string, ChildProcess>();
    const armings = new Map<string, Arming>();
    const runtime = new ProcessRuntime({
      file,
      ...(options.under === undefined ? {} : { under: options.under }),
      onStarted: (node, child) => {
        children.set(node, child);
        const arming = armings.get(node);
        if (arming !== undefined) child.send({ type: 'arm', ...arming });
        armings.delete(node);
      },
    });
    const env = { RUN_NODES_AS: 'processes', ...options.env };
    const dataDir = makeDataDir();
    return new Rig(dataDir, await serve(dataDir, runtime, env), children, armings);
  }

  /** Nodes that run in it, in the folder. */
  static async over(
    runtime: NodeRuntime,
    dataDir = makeDataDir(),
    env: Record<string, string> = {},
  ): Promise<Rig> {
    return new Rig(dataDir, await serve(dataDir, runtime, env), new Map(), new Map());
  }

  async destroy(): Promise<void> {
    await this.server.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  get nodes(): readonly string[] {
    return this.server.supervisor.nodes;
  }

  child(node: string): ChildProcess {
    return must(this.children.get(node), `${node} was started`);
  }

  /** The running process goes by it before anything that it is asked after this. */
  arm(node: string, arming: Arming): void {
    this.child(node).send({ type: 'arm', ...arming });
  }

  /** The next process of the node is armed before it begins. */
  armNextLife(node: string, arming: Arming): void {
    this.armings.set(node, arming);
  }

  // --- what is so ------------------------------------------------------------------

  state(node: string): string {
    return this.server.fold.nodeView(node).state;
  }

  get leader(): string | null {
    const leading = this.server.fold
      .view(0)
      .nodes.filter(({ state, role }) => state === 'serving' && role === 'leader');
    return leading.length === 1 ? (leading[0]?.id ?? null) : null;
  }

  /** The one leader that all nodes that serve follow, once there is one. */
  async theLeader(): Promise<string> {
    await this.until('a leader that all follow', () => {
      const { leader } = this;
      return (
        leader !== null &&
        this.nodes.every(
          (id) => this.state(id) !== 'serving' || this.server.fold.nodeView(id).leader === leader,
        )
      );
    });
    return must(this.leader, 'there is one');
  }

  async aFollower(): Promise<string> {
    const leader = await this.theLeader();
    return must(
      this.nodes.find((id) => id !== leader),
      'three nodes, one leader',
    );
  }

  /** Looks whenever something may have changed. */
  async until(what: string, claim: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + WITHIN_MS;
    while (!(await claim())) {
      if (performance.now() > deadline)
        throw new Error(`it did not come to pass: ${what}; ${this.describe()}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private describe(): string {
    return this.server.fold
      .view(0)
      .nodes.map(
        ({ id, state, role, term, lastApplied, reason }) =>
          `${id} ${state} ${role} ${term} ${lastApplied} ${reason ?? ''}`,
      )
      .join('; ');
  }

  // --- what is done ------------------------------------------------------------------

  /** Throws unless all that was compared so far of what nodes report could be: one leader a term, equal logs and states. */
  checkInvariants(): void {
    for (const { id, status, violation } of this.server.fold.view(0).invariants)
      if (status === 'fail') throw new Error(`${id}: ${violation?.text}`);
  }

  /** Ends once every node serves and all have applied the same. */
  async heal(): Promise<void> {
    const { supervisor, fold } = this.server;
    await Promise.all(this.nodes.map((id) => supervisor.revive(id)));
    const done = await this.set('healed', 'x', 'y');
    await this.until('all have applied the same', () => {
      const views = this.nodes.map((id) => fold.nodeView(id));
      return (
        views.every(({ state, lastApplied }) => state === 'serving' && lastApplied >= done.index) &&
        new Set(views.map(({ stateHashAt }) => stateHashAt)).size === 1
      );
    });
    const hashes = this.nodes.map((id) => fold.nodeView(id).stateHash);
    if (new Set(hashes).size !== 1) throw new Error(`states differ: ${hashes.join(' ')}`);
    this.checkInvariants();
  }

  /** It leads when this resolves, unless it has ended. */
  async lead(node: string): Promise<void> {
    const done = await this.set('before', node, 'it leads');
    const { supervisor, fold } = this.server;
    await this.until('it has caught up', () => fold.nodeView(node).lastApplied >= done.index);
    await this.until('it leads, or is gone', () => {
      if (this.leader !== null && this.leader !== node)
        supervisor.node(this.leader).transferLeadership(node);
      return this.leader === node || this.state(node) !== 'serving';
    });
  }

  async set(
    key: string,
    field: string,
    value: string,
  ): Promise<Extract<WriteOutcome, { ok: true }>> {
    const outcome = await this.server.kv.write({ op: 'set', key, field, value }, WITHIN_MS);
    if (!outcome.ok) throw new Error(outcome.code);
    return outcome;
  }

  async get(key: string, field: string): Promise<string | null> {
    const read = await this.server.kv.read({ type: 'get', key, field }, WITHIN_MS);
    if (!read.ok || !read.result.ok || read.result.answer.type !== 'get')
      throw new Error(JSON.stringify(read));
    const { found } = read.result.answer;
    return found === null ? null : String(found.value);
  }
}

function serve(
  dataDir: string,
  runtime: NodeRuntime,
  env: Record<string, string>,
): Promise<RunningServer> {
  const config = readConfig(
    { PORT: '0', DATA_DIR: dataDir, PAGE: 'off', ...env },
    path.resolve('.'),
  );
  return startServer(config, createLogger('silent'), 'test', null, runtime);
}
