/** Processes to which the system tells another time: years off, or faster than it goes. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProcessRuntime } from '../../server/cluster/process-runtime.ts';
import { Rig, WITHIN_MS } from './rig.ts';

const SLOW_MACHINE_MS = 3 * WITHIN_MS;
const WRITES = 10;
const WRONG_DAYS = 1500;
const YEARS_MS = (WRONG_DAYS - 1) * 86_400_000;
/** x2: both clocks count twice as fast. */
const WRONG = [`+${WRONG_DAYS}d x2`, `-${WRONG_DAYS}d`] as const;

const why = whyNoWrongTime();
if (why !== null) process.stderr.write(`SKIPPED: no process is told a wrong time: ${why}\n`);

describe('clocks of processes', { timeout: SLOW_MACHINE_MS }, () => {
  it.skipIf(why !== null)(
    '[X17] years off, or twice as fast, whoever leads: no order breaks, and nothing is lost',
    async () => {
      const wrong = new Map<string, string>();
      const under = (node: string): readonly string[] => {
        const time = wrong.get(node);
        return time === undefined ? [] : ['faketime', '-f', time];
      };
      const file = path.resolve('dist/node-process.js');
      const rig = await Rig.over(new ProcessRuntime({ file, under }));
      try {
        const { supervisor, fold } = rig.server;
        const written = new Map<string, string>();
        const write = async (who: string): Promise<void> => {
          for (let n = 0; n < WRITES; n++) {
            await rig.set('k', `${who} ${n}`, `${n}`);
            written.set(`${who} ${n}`, `${n}`);
            await rig.set('k', 'last', `${who} ${n}`);
            expect(await rig.get('k', 'last')).toBe(`${who} ${n}`);
          }
        };
        await write('true');
        const leader = await rig.theLeader();
        const others = rig.nodes.filter((id) => id !== leader);
        for (const [at, id] of others.entries()) {
          wrong.set(id, WRONG[at] ?? '');
          await supervisor.kill(id);
          await supervisor.revive(id);
          expect(rig.state(id)).toBe('serving');
        }
        for (const id of [...others, leader, ...others]) {
          await rig.lead(id);
          await write(`led by ${id}`);
        }
        const before = fold.nodeView(leader).clusterTimeMs;
        expect(before).toBeGreaterThan(Date.now() + YEARS_MS);
        await rig.heal();
        for (const [field, value] of written) expect(await rig.get('k', field)).toBe(value);
        expect(fold.nodeView(leader).clusterTimeMs).toBeGreaterThanOrEqual(before);
        const stamps = fold.view(0).invariants.find(({ id }) => id === 'timestamps');
        expect(stamps?.checks).toBeGreaterThan(0);
      } finally {
        await rig.destroy();
      }
    },
  );
});

/** Null when a process believes it. */
function whyNoWrongTime(): string | null {
  const { error, status, stdout, stderr } = spawnSync(
    'faketime',
    ['-f', WRONG[0], process.execPath, '-p', 'new Date().getFullYear()'],
    { encoding: 'utf8' },
  );
  if (error !== undefined) return error.message;
  if (status !== 0) return stderr.trim();
  return Number(stdout) > new Date().getFullYear() ? null : 'it does not believe it';
}
