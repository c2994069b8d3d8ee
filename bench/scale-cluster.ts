/** A real cluster that is filled, ended, and started again as its users start it: what it costs, and how soon it answers. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createLogger } from '../server/logger.ts';
import { readConfig } from '../server/config.ts';
import { startServer } from '../server/server.ts';
import type { RunningServer } from '../server/server.ts';
import type { Load } from './closed-loop.ts';
import { measureInProcess } from './in-process.ts';
import { measureRestart } from './recovery.ts';
import { FIELD, valueOf } from './scale-workload.ts';
import type { ScaleWorkload } from './scale-workload.ts';
import { startServerProcess } from './server-process.ts';
import type { Target } from './server-process.ts';
import type { Figure } from './table.ts';

const TIMEOUT_MS = 30_000;
const NODES = 3;
/** Transactions under way at once while filling. */
const DEPTH = 16;

export interface ScaleRun {
  /** Starts of the whole cluster. */
  readonly starts: number;
  readonly loads: { readonly write: Load; readonly read: Load };
}

export async function measureCluster(
  workload: ScaleWorkload,
  { starts, loads }: ScaleRun,
): Promise<readonly Figure[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-scale-'));
  try {
    const figures: Figure[] = [];
    const note = (what: string, value: number | null, unit: string): void => {
      if (value === null) throw new Error(`${what}: there was nothing to measure`);
      figures.push({ what: `cluster: ${what}`, value, unit });
      process.stderr.write('.');
    };
    await withServer(folder, async (server) => {
      const startedMs = performance.now();
      await fill(server, workload);
      note(
        'versions written',
        (workload.versions / (performance.now() - startedMs)) * 1000,
        'a second',
      );
    });
    note('disk', diskBytes(folder) / NODES / workload.versions, 'bytes a version and node');
    for (let start = 0; start < starts; start++) {
      const startedMs = performance.now();
      const target = await startServerProcess(folder);
      try {
        await readBack(target, workload, workload.versions - 1);
        note('process start to first linearizable read', performance.now() - startedMs, 'ms');
        await everyNodeServes(target);
        note('process start until every node serves', performance.now() - startedMs, 'ms');
        for (let i = 0; i < 100; i++)
          await readBack(target, workload, Math.floor((i * workload.versions) / 100));
        note('memory of the process', residentBytes(target.pid) / 2 ** 20, 'MiB');
      } finally {
        await target.stop();
      }
    }
    await withServer(folder, async (server) => {
      const { p50Ms } = await measureRestart(server, starts);
      note('one killed node until it serves', p50Ms, 'ms');
      for (const [operation, load] of [
        ['write', loads.write],
        ['read', loads.read],
      ] as const) {
        const { perSecond, p99Ms, errors } = await measureInProcess(server, operation, load);
        if (errors > 0) throw new Error(`${errors} ${operation}s failed`);
        note(`${operation}s, ${load.depth} at once`, perSecond, 'a second');
        note(`${operation}s, ${load.depth} at once, p99`, p99Ms, 'ms');
      }
    });
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function withServer(
  folder: string,
  run: (server: RunningServer) => Promise<void>,
): Promise<void> {
  const config = readConfig({ PORT: '0', PAGE: 'off', DATA_DIR: folder }, path.resolve('.'));
  const server = await startServer(config, createLogger('silent'), 'bench');
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

/** Writes everything in order of the keys' rounds, and waits until every node has it. */
async function fill(server: RunningServer, workload: ScaleWorkload): Promise<void> {
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < workload.transactions) {
      const outcome = await server.kv.write(workload.transaction(next++), TIMEOUT_MS);
      if (!outcome.ok || !outcome.result.ok) throw new Error('a transaction was not committed');
    }
  };
  await Promise.all(Array.from({ length: DEPTH }, writer));
  for (;;) {
    const { nodes } = server.fold.view(Date.now());
    if (new Set(nodes.map(({ lastApplied }) => lastApplied)).size === 1) return;
    await delay(20);
  }
}

/** The field of some version must have a value of the workload's. */
async function readBack(
  { urls }: Target,
  { keyOf }: ScaleWorkload,
  version: number,
): Promise<void> {
  const response = await fetch(`${urls[0]}/api/v1/kv/${keyOf(version)}/${FIELD}`);
  const { value } = (await response.json()) as { value?: string };
  if (response.status !== 200 || value?.length !== valueOf(version).length)
    throw new Error(`${keyOf(version)} was answered with ${response.status}: ${value}`);
}

async function everyNodeServes({ urls }: Target): Promise<void> {
  for (;;) {
    const response = await fetch(`${urls[0]}/api/v1/cluster`);
    const { nodes } = (await response.json()) as { nodes: { id: string; state: string }[] };
    if (nodes.every(({ state }) => state === 'serving')) return;
    const failed = nodes.find(({ state }) => state === 'failed');
    if (failed !== undefined) throw new Error(`${failed.id} has failed`);
    await delay(20);
  }
}

function diskBytes(folder: string): number {
  return readdirSync(folder)
    .filter((name) => name.includes('.db'))
    .reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
}

/** NaN where there is no `ps`. */
function residentBytes(pid: number): number {
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number.parseInt(stdout ?? '', 10) * 1024;
}
