/** Writes and reads through the service itself: what consensus and disk allow, without a network. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readConfig } from '../server/config.ts';
import { createLogger } from '../server/logger.ts';
import { startServer } from '../server/server.ts';
import type { RunningServer } from '../server/server.ts';
import { closedLoop } from './closed-loop.ts';
import type { Load, LoadResult } from './closed-loop.ts';
import { nameOf, VALUE } from './workload.ts';

const TIMEOUT_MS = 10_000;

/** Starts a cluster in this process for `run`, and removes it. */
export async function withCluster<T>(run: (server: RunningServer) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'chronoraft-bench-'));
  const config = readConfig({ PORT: '0', PAGE: 'off', DATA_DIR: dataDir }, path.resolve('.'));
  const server = await startServer(config, createLogger('silent'), 'bench');
  try {
    return await run(server);
  } finally {
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

export async function writeOnce(server: RunningServer, i: number): Promise<void> {
  const outcome = await server.kv.write(
    { op: 'set', key: nameOf(i), field: 'f', value: VALUE },
    TIMEOUT_MS,
  );
  if (!outcome.ok || !outcome.result.ok) throw new Error('the write was not committed');
}

async function readOnce(server: RunningServer, i: number): Promise<void> {
  const outcome = await server.kv.read({ type: 'get', key: nameOf(i), field: 'f' }, TIMEOUT_MS);
  if (!outcome.ok || !outcome.result.ok) throw new Error('the read was not answered');
}

export function measureInProcess(
  server: RunningServer,
  operation: 'write' | 'read',
  load: Load,
): Promise<LoadResult> {
  const once = operation === 'write' ? writeOnce : readOnce;
  return closedLoop(load, (i) => once(server, i));
}
