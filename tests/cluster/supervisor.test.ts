/** Who is started when. */
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDir } from '../../server/cluster/data-dir.ts';
import { ClusterPace } from '../../server/cluster/cluster-pace.ts';
import { Faults } from '../../server/cluster/faults.ts';
import { Supervisor } from '../../server/cluster/supervisor.ts';
import { ThreadRuntime } from '../../server/cluster/thread-runtime.ts';
import { RealClock } from '../../server/node/real-clock.ts';
import { PacedClock } from '../../server/ports/paced-clock.ts';
import { makeDataDir } from '../server.ts';

const SLOW_MACHINE_MS = 60_000;
const LARGE_BYTES = 65 * 1024 * 1024;
/** Where one hangs for good; else nobody may be called late for being slow. */
const LATE_AFTER_MS = 1000;

describe('a start of all nodes', { timeout: SLOW_MACHINE_MS }, () => {
  let dataDir: DataDir;
  let states: string[];
  let onState: () => void;

  beforeEach(async () => {
    dataDir = await DataDir.open(makeDataDir(), ['n1', 'n2', 'n3']);
    states = [];
    onState = () => {};
  });

  afterEach(async () => {
    await dataDir.close();
    rmSync(dataDir.path, { recursive: true, force: true });
  });

  function supervisor(
    processors: number,
    node = 'scripted-node.mjs',
    hanging: string | null = null,
  ): Supervisor {
    const threads = new ThreadRuntime(path.resolve('tests/cluster', node));
    return new Supervisor(
      {
        dataDir,
        runtime: {
          run: (options, events) =>
            // It never says a word.
            threads.run(options, options.id === hanging ? { ...events, onMessage() {} } : events),
          layLine: (take) => threads.layLine(take),
        },
        migrationsDir: '',
        heartbeatIntervalMs: 30,
        electionTimeoutMs: 300,
        leaseMs: 0,
        processors,
        ...(hanging !== null && { lateAfterMs: LATE_AFTER_MS }),
      },
      {
        onStarted: () => {},
        onReport: () => {},
        onTransit: () => {},
        onState: (id, state) => {
          states.push(`${id} ${state}`);
          onState();
        },
        onFaults: () => {},
        onLink: () => {},
      },
    );
  }

  /** A hole of this size: nobody reads it here. */
  function haveLargeDatabase(): void {
    const file = dataDir.databaseFile('n2');
    writeFileSync(file, '');
    truncateSync(file, LARGE_BYTES);
  }

  it('[E17] is one of all at once', async () => {
    for (const [processors, isLarge] of [
      [2, false],
      [3, true],
    ] as const) {
      if (isLarge) haveLargeDatabase();
      const nodes = supervisor(processors);
      await nodes.start();
      expect(states.slice(0, 3)).toEqual(['n1 starting', 'n2 starting', 'n3 starting']);
      expect(states).toHaveLength(6);
      await nodes.stop();
      states = [];
    }
  });

  it('[E17] is of a quorum first, where it is long and processors are few', async () => {
    haveLargeDatabase();
    const nodes = supervisor(2);
    const all = new Promise<void>((resolve) => {
      onState = () => {
        if (states.includes('n3 serving')) resolve();
      };
    });
    await nodes.start();
    expect(states.slice(0, 2)).toEqual(['n1 starting', 'n2 starting']);
    expect(states.slice(2, 4).sort()).toEqual(['n1 serving', 'n2 serving']);
    await all;
    expect(states.slice(4)).toEqual(['n3 starting', 'n3 serving']);
    await nodes.stop();
  });

  it('[E17] waits for all where the quorum does not come up, and for none that is not begun', async () => {
    haveLargeDatabase();
    const broken = supervisor(2, 'no-such-node.mjs');
    await broken.start();
    expect([...states].sort()).toEqual(
      ['n1', 'n2', 'n3'].flatMap((id) => [`${id} failed`, `${id} starting`]),
    );
    states = [];
    const stopped = supervisor(2);
    const started = stopped.start();
    await stopped.stop();
    await started;
    expect(states).not.toContain('n3 starting');
  });

  it.each([false, true])(
    '[K57] does not wait for a node that hangs (large databases: %s), which is ended with the others',
    async (isLarge) => {
      if (isLarge) haveLargeDatabase();
      const nodes = supervisor(2, 'scripted-node.mjs', 'n1');
      await nodes.start();
      expect(nodes.node('n1').state).toBe('starting');
      expect(['n2', 'n3'].map((id) => nodes.node(id).state)).toEqual(['serving', 'serving']);
      await nodes.stop();
      expect(nodes.node('n1').state).toBe('down');
    },
  );

  it('[H57] a fault is done once every thread that runs has taken it, but for those that are paused', async () => {
    const nodes = supervisor(3);
    await nodes.start();
    const channel = new BroadcastChannel(dataDir.clusterId);
    let asked = 0;
    let onAsked = (): void => {};
    channel.onmessage = ({ data }: { data: { asked?: true } }) => {
      if (data.asked === true) asked++;
      onAsked();
    };
    const askedOf = (count: number): Promise<void> =>
      new Promise((resolve) => {
        onAsked = () => {
          if (asked >= count) resolve();
        };
        onAsked();
      });
    let isDone = false;
    const cut = new Faults(nodes)
      .apply({ type: 'partition', groups: [['n1'], ['n2', 'n3']] })
      .then(() => {
        isDone = true;
      });
    await askedOf(3);
    const again = Promise.all(['n1', 'n2'].map((id) => nodes.node(id).synced()));
    await askedOf(5);
    for (const to of ['n1', 'n2']) channel.postMessage({ to, sync: true });
    await again;
    expect(isDone).toBe(false);
    nodes.pause('n3', 60_000);
    await cut;
    nodes.resume('n3');
    channel.close();
    await nodes.stop();
  });

  it('[K58] a change of speed does not wait for a node that is paused while it is asked', async () => {
    const nodes = supervisor(3);
    await nodes.start();
    const channel = new BroadcastChannel(dataDir.clusterId);
    const seen = { acted: 0, asked: 0 };
    let onSeen = (): void => {};
    channel.onmessage = ({ data }: { data: { acted?: true; asked?: true } }) => {
      if (data.acted === true) seen.acted++;
      if (data.asked === true) seen.asked++;
      onSeen();
    };
    const until = (isSo: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        onSeen = () => {
          if (isSo()) resolve();
        };
        onSeen();
      });
    for (const to of ['n1', 'n2']) channel.postMessage({ to, mode: 'apply' });
    await until(() => seen.acted === 2);
    const changed = new ClusterPace(nodes, new PacedClock(new RealClock()), () => {}).set(0.25);
    await until(() => seen.asked === 3);
    nodes.pause('n3', 60_000);
    await changed;
    nodes.resume('n3');
    channel.close();
    await nodes.stop();
  });
});
