/** The data folder: one server at a time, one cluster for ever. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDir, DataDirError } from '../../server/cluster/data-dir.ts';
import { makeDataDir } from '../server.ts';

const NODES = ['n1', 'n2', 'n3'];

describe('the data folder', () => {
  let dir: string;

  beforeEach(() => {
    dir = makeDataDir();
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  it('[K8] is made with an id that stays', () => {
    const inner = path.join(dir, 'deep', 'er');
    const first = DataDir.open(inner, NODES);
    first.close();
    const second = DataDir.open(inner, NODES);
    expect(second.clusterId).toBe(first.clusterId);
    second.close();
  });

  it('[K8] is refused while another server has it', () => {
    const first = DataDir.open(dir, NODES);
    expect(() => DataDir.open(dir, NODES)).toThrow(/in use by another server/);
    first.close();
    // Of another process that runs and began when the lock says.
    const parent = String(process.ppid);
    writeFileSync(
      path.join(dir, 'server.pid'),
      JSON.stringify({ pid: process.ppid, startedAt: startOf(parent) }),
    );
    expect(() => DataDir.open(dir, NODES)).toThrow(`in use by another server (process ${parent})`);
  });

  it('[K8] is taken over from a server that died, also when its process id is used again', () => {
    for (const lock of [
      JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '1' }),
      JSON.stringify({ pid: process.ppid, startedAt: 'at another time' }),
      JSON.stringify({ pid: process.pid, startedAt: 'in an earlier life of this container' }),
      'half a li',
      '',
    ]) {
      writeFileSync(path.join(dir, 'server.pid'), lock);
      DataDir.open(dir, NODES).close();
    }
  });

  it('[K8] is taken over from a server that has ended and whose parent has not noticed', async () => {
    // The shell becomes a sleep, which never asks after its child: that stays a zombie.
    const parent = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 60']);
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    const stat = `/proc/${pid}/stat`;
    const fields = () => readFileSync(stat, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const startedAt = fields()[19];
    while (fields()[0] !== 'Z') await new Promise((resolve) => setTimeout(resolve, 5));
    writeFileSync(path.join(dir, 'server.pid'), JSON.stringify({ pid, startedAt }));
    DataDir.open(dir, NODES).close();
    parent.kill('SIGKILL');
  });

  it('[K8] is taken over by one of many that start at once', async () => {
    const program = path.join(dir, 'starter.mjs');
    buildSync({
      entryPoints: ['tests/cluster/lock-starter.ts'],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
    });
    for (let round = 0; round < 3; round++) {
      const folder = path.join(dir, `round-${round}`);
      mkdirSync(folder);
      writeFileSync(path.join(folder, 'server.pid'), '{"pid":4194305,"startedAt":"1"}');
      const at = String(Date.now() + 700);
      const starters = [1, 2, 3].map(() => spawn(process.execPath, [program, folder, at]));
      const ended = starters.map((starter) => once(starter, 'exit'));
      const said = await Promise.all(
        starters.map(async ({ stdout }) => String(((await once(stdout, 'data')) as [Buffer])[0])),
      );
      expect(said.filter((line) => line === 'open\n')).toHaveLength(1);
      expect(said.filter((line) => line.includes('in use by another server'))).toHaveLength(2);
      // The refused ones end by themselves: nobody may be there any more to write to.
      starters[said.indexOf('open\n')]?.stdin.end('\n');
      await Promise.all(ended);
    }
  });

  it('[K8] a server gives up its own lock only', () => {
    const first = DataDir.open(dir, NODES);
    const lock = path.join(dir, 'server.pid');
    const another = JSON.stringify({ pid: process.ppid, startedAt: startOf(String(process.ppid)) });
    writeFileSync(lock, another);
    first.close();
    expect(readFileSync(lock, 'utf8')).toBe(another);
  });

  it('[K8] is refused for another number of nodes: they could elect without those who know', () => {
    DataDir.open(dir, NODES).close();
    expect(() => DataDir.open(dir, ['n1'])).toThrow(/holds a cluster of 3, so NODES=1 cannot/);
    // The refusal leaves no lock behind.
    DataDir.open(dir, NODES).close();
  });

  it('[K8] is refused when it is damaged or cannot be written', () => {
    writeFileSync(path.join(dir, 'cluster.json'), '{"clusterId":');
    expect(() => DataDir.open(dir, NODES)).toThrow(/damaged/);
    const file = path.join(dir, 'file');
    writeFileSync(file, '');
    expect(() => DataDir.open(path.join(file, 'in'), NODES)).toThrow(DataDirError);
    mkdirSync(path.join(dir, 'blocked', 'server.pid'), { recursive: true });
    expect(() => DataDir.open(path.join(dir, 'blocked'), NODES)).toThrow(DataDirError);
  });
});

function startOf(pid: string): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
