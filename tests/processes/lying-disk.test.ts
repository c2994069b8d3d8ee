/** A disk that says that it did what it did not do: calls that are skipped, and answered as done. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProcessRuntime } from '../../server/cluster/process-runtime.ts';
import { whyNotRecorded } from '../../torture/crash-states/recording.ts';
import { makeDataDir } from '../server.ts';
import { Rig, WITHIN_MS } from './rig.ts';
import { injecting } from './strace.ts';

const SLOW_MACHINE_MS = 3 * WITHIN_MS;
const WRITES = 60;

const why = await whyNotRecorded();
if (why !== null) process.stderr.write(`SKIPPED: no disk lies: ${why}\n`);

interface Lie {
  /** Of calls on the files with these endings; of all where there is none. */
  readonly inject: string;
  readonly of: readonly string[];
  readonly end: 'killed' | 'stopped';
  readonly comes: { readonly state: string; readonly refusal: string | null };
}

const REFUSED = { state: 'failed', refusal: 'rolled-back' };

const LIES: Readonly<Record<string, Lie>> = {
  'never synchronises': {
    inject: 'fsync,fdatasync:retval=0',
    of: [],
    end: 'killed',
    comes: { state: 'serving', refusal: null },
  },
  'loses one write of the log': {
    inject: 'pwrite64:retval=4096:when=120',
    of: ['-wal'],
    end: 'killed',
    comes: REFUSED,
  },
  'loses what is put from the log into the database': {
    inject: 'pwrite64:retval=4096',
    of: [''],
    end: 'stopped',
    comes: REFUSED,
  },
};

describe('a disk that lies', { timeout: SLOW_MACHINE_MS }, () => {
  it.skipIf(why !== null)(
    '[X16] a node comes back from it with all that it had, or is refused, and nothing acknowledged is lost',
    async () => {
      const liars = new Map<string, Lie>();
      const commands = (node: string): readonly string[] => {
        const lie = liars.get(node);
        if (lie === undefined) return [];
        const file = path.join(rig.dataDir, `${node}.db`);
        return injecting(
          lie.inject,
          lie.of.map((ending) => `${file}${ending}`),
        );
      };
      const rig: Rig = await Rig.over(
        new ProcessRuntime({ file: path.resolve('dist/node-process.js'), under: commands }),
        makeDataDir(),
        { NODES: '5' },
      );
      try {
        const { supervisor, fold } = rig.server;
        const leader = await rig.theLeader();
        const victims = rig.nodes.filter((id) => id !== leader).slice(0, 3);
        const lies = Object.entries(LIES).map(
          ([what, lie], at) => [victims[at] ?? '', what, lie] as const,
        );
        for (const [victim, , lie] of lies) {
          await supervisor.kill(victim);
          liars.set(victim, lie);
          await supervisor.revive(victim);
        }
        for (let n = 0; n < WRITES; n++) {
          const { index } = await rig.set('k', `f${n}`, `${n}`);
          // One that fell behind would write many at once, and so too few times.
          await rig.until('they have it, or noticed', () =>
            victims.every((id) => {
              const { state, persistedIndex } = fold.nodeView(id);
              return state !== 'serving' || persistedIndex >= index;
            }),
          );
        }
        for (const [victim, what, { end, comes }] of lies) {
          if (end === 'killed') await supervisor.kill(victim);
          else await supervisor.node(victim).stop();
          liars.delete(victim);
          await supervisor.revive(victim);
          expect(fold.nodeView(victim), what).toMatchObject(comes);
        }
        const { index } = await rig.set('after', 'x', 'y');
        const serving = rig.nodes.filter((id) => rig.state(id) === 'serving');
        await rig.until('all that serve have applied the same', () => {
          const views = serving.map((id) => fold.nodeView(id));
          return (
            views.every(({ lastApplied }) => lastApplied >= index) &&
            new Set(views.map(({ stateHashAt, stateHash }) => `${stateHashAt} ${stateHash}`))
              .size === 1
          );
        });
        const read = Array.from({ length: WRITES }, (_, n) => rig.get('k', `f${n}`));
        expect(await Promise.all(read)).toEqual(read.map((_, n) => `${n}`));
        rig.checkInvariants();
      } finally {
        await rig.destroy();
      }
    },
  );
});
