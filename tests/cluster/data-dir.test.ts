/** The data folder: one server at a time, one cluster for ever. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DataDirError } from '../../server/base/start-errors.ts';
import { DataDir } from '../../server/cluster/data-dir.ts';
import { makeDataDir } from '../server.ts';

const NODES = ['n1', 'n2', 'n3'];
/** Processes start and end here. */
const SLOW_MACHINE_MS = 60_000;
/** Within the project, where packages are found. */
const PROGRAM = path.resolve('test-results/lock-starter.mjs');

describe('the data folder', { timeout: SLOW_MACHINE_MS }, () => {
  let dir: string;

  beforeAll(() =>
    build({
      entryPoints: ['tests/cluster/lock-starter.ts'],
      outfile: PROGRAM,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    }),
  );

  beforeEach(() => {
    dir = makeDataDir();
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  it('[K8] is made with an id that stays', async () => {
    const inner = path.join(dir, 'deep', 'er');
    const first = await DataDir.open(inner, NODES);
    await first.close();
    const second = await DataDir.open(inner, NODES);
    expect(second.clusterId).toBe(first.clusterId);
    await second.close();
  });

  it('[K8] is refused while another server has it, in this process or in another', async () => {
    const first = await DataDir.open(dir, NODES);
    await expect(DataDir.open(dir, NODES)).rejects.toThrow(
      `in use by another server (process ${process.pid})`,
    );
    // The refusal took nothing away.
    const [another] = await starters(dir, 1);
    expect(another?.said).toContain(`in use by another server (process ${process.pid})`);
    await first.close();
    await (await DataDir.open(dir, NODES)).close();
  });

  it('[K8] is taken over from a server that died, also when its parent has not noticed', async () => {
    // The shell becomes a sleep, which never asks after its child: that stays a zombie.
    const parent = spawn('sh', [
      '-c',
      '"$@" <&0 & echo $!; exec sleep 60',
      'sh',
      ...starter(dir, 0),
    ]);
    const lines = createInterface(parent.stdout)[Symbol.asyncIterator]();
    const pid = Number((await lines.next()).value);
    expect((await lines.next()).value).toBe('open');
    process.kill(pid, 'SIGKILL');
    await (await DataDir.open(dir, NODES)).close();
    parent.kill('SIGKILL');
  });

  it('[K8] is taken by one of many that start at once, when the last one has died', async () => {
    for (let round = 0; round < 3; round++) {
      const [holder] = await starters(dir, 1);
      expect(holder?.said).toBe('open\n');
      holder?.child.kill('SIGKILL');
      const many = await starters(dir, 3);
      expect(many.filter(({ said }) => said === 'open\n')).toHaveLength(1);
      expect(many.filter(({ said }) => said.includes('in use by another server'))).toHaveLength(2);
      // The refused ones end by themselves: nobody may be there any more to write to.
      many.find(({ said }) => said === 'open\n')?.child.stdin.end('\n');
      await Promise.all(many.map(({ ended }) => ended));
    }
  });

  it('[K8] is refused for another number of nodes: they could elect without those who know', async () => {
    await (await DataDir.open(dir, NODES)).close();
    await expect(DataDir.open(dir, ['n1'])).rejects.toThrow(
      /holds a cluster of 3 nodes, and cannot be used for one of 1$/,
    );
    // The refusal leaves no lock behind.
    await (await DataDir.open(dir, NODES)).close();
  });

  it('[K56] is refused when databases are there and nothing says whose: no cluster is made up for them', async () => {
    const first = await DataDir.open(dir, NODES);
    await first.close();
    const file = path.join(dir, 'cluster.json');
    const before = readFileSync(file);
    writeFileSync(first.databaseFile('n2'), '');
    rmSync(file);
    for (let start = 0; start < 2; start++)
      await expect(DataDir.open(dir, NODES)).rejects.toThrow(
        /cluster\.json is gone, which says whose databases are there \(n2\.db\): put it back/,
      );
    writeFileSync(file, before);
    const again = await DataDir.open(dir, NODES);
    expect(again.clusterId).toBe(first.clusterId);
    await again.close();
  });

  it('[K8] is refused when it is damaged or cannot be written', async () => {
    writeFileSync(path.join(dir, 'cluster.json'), '{"clusterId":');
    await expect(DataDir.open(dir, NODES)).rejects.toThrow(/damaged/);
    const file = path.join(dir, 'file');
    writeFileSync(file, '');
    await expect(DataDir.open(path.join(file, 'in'), NODES)).rejects.toThrow(DataDirError);
    mkdirSync(path.join(dir, 'blocked', 'server.lock'), { recursive: true });
    await expect(DataDir.open(path.join(dir, 'blocked'), NODES)).rejects.toThrow(DataDirError);
    mkdirSync(path.join(dir, 'odd'));
    writeFileSync(path.join(dir, 'odd', 'server.lock'), 'no lock of ours: '.repeat(100));
    await expect(DataDir.open(path.join(dir, 'odd'), NODES)).rejects.toThrow(DataDirError);
  });
});

/** The command line of a process that opens the folder at the instant `atMs`, and keeps it. */
function starter(dir: string, atMs: number): [string, ...string[]] {
  return [process.execPath, PROGRAM, dir, String(atMs)];
}

/** Starts `count` of them at once; each has said how it went. */
async function starters(dir: string, count: number) {
  const atMs = Date.now() + (count > 1 ? 1000 : 0);
  return Promise.all(
    Array.from({ length: count }, async () => {
      const [command, ...args] = starter(dir, atMs);
      const child = spawn(command, args);
      const ended = once(child, 'exit');
      const [said] = (await once(child.stdout, 'data')) as [Buffer];
      return { child, ended, said: said.toString() };
    }),
  );
}
