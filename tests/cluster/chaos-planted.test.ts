/** A chaos run is worth what it finds: here are nodes that carry a bug, under load. */
import { afterEach, describe, expect, test } from 'vitest';
import type { ChaosBody } from '../../contracts/chaos.ts';
import { ChaosRun } from '../../contracts/chaos.ts';
import { Requests } from '../http/requests.ts';
import type { TestServer } from '../server.ts';
import { commitGoesBack, startPlantedServer } from './planted.ts';

const LOOK_EVERY_MS = 100;
/** What the bug stops is waited for, and given up. */
const SLOW_MS = 150_000;
/** Of which one at least finds the bug. */
const RUNS = 3;
/** Writes before the run. */
const EARLY = 30;

describe('a planted bug is found out by a run', { timeout: SLOW_MS }, () => {
  let server: TestServer;

  afterEach(async () => {
    await server.destroy();
  }, SLOW_MS);

  /** A run, once it is over. */
  async function ran(settings: ChaosBody): Promise<ChaosRun> {
    const api = new Requests(server);
    let run = ChaosRun.parse(await api.ok('POST', '/api/v1/chaos', settings));
    const { id } = run;
    while (!['done', 'broken'].includes(run.state)) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      run = ChaosRun.parse(await api.ok('GET', `/api/v1/chaos/${id}`));
    }
    return run;
  }

  /** By chance a run gives a bug no room, the more so where the machine is slow: then another is made, of the next seed. */
  async function ranUntilFound(settings: ChaosBody & { seed: number }): Promise<ChaosRun> {
    let run = await ran(settings);
    for (let more = 1; run.verdict !== 'violation' && more < RUNS; more++)
      run = await ran({ ...settings, seed: settings.seed + more });
    return run;
  }

  test('[F14] nodes that acknowledge before a quorum has it, with a counter-example', async () => {
    server = await startPlantedServer(
      [
        {
          file: 'server/raft/quorum.ts',
          find: 'return values[majority(voters.length) - 1] as number;',
          replace: 'return values[0] as number;',
        },
      ],
      // One that is cut off acknowledges for so long: enough to be seen on a machine that is slow.
      { ELECTION_TIMEOUT_MS: '1000' },
    );
    const run = await ranUntilFound({
      seed: 144,
      durationMs: 10_000,
      intensity: 'high',
      faults: ['isolate'],
      clients: 16,
      keys: 1,
    });
    expect(run.verdict).toBe('violation');
    expect(run.checks.find(({ check }) => check === 'order')?.status).toBe('fail');
    const examples = run.keys.flatMap(({ counterExample }) => counterExample ?? []);
    expect(examples.length).toBeGreaterThan(0);
    expect(examples.every(({ operations }) => operations.length > 0)).toBe(true);
  });

  test('[H53] a leader that answers reads without asking whether it still leads, by those who hold on to it', async () => {
    server = await startPlantedServer([
      {
        file: 'server/raft/reads.ts',
        find: 'if (validUntilMono === null) core.leadership.reads.add({ from: null, id });',
        replace:
          "if (validUntilMono === null) core.result({ type: 'readReady', id, index: core.commitIndex, validUntilMono: null });",
      },
      {
        file: 'server/raft/election.ts',
        find: 'if (leadership === null || !core.config.checkQuorum) return;',
        replace: 'if (leadership === null || core.config.checkQuorum) return;',
      },
    ]);
    // One that is cut off answers as if nothing had been, for as long as it is, while another is elected.
    const run = await ranUntilFound({
      seed: 144,
      durationMs: 10_000,
      intensity: 'high',
      faults: ['isolate'],
      clients: 8,
      keys: 1,
    });
    expect(run.verdict).toBe('violation');
    expect(run.checks.filter(({ status }) => status === 'fail').map(({ check }) => check)).toEqual([
      'order',
    ]);
    const liars = run.keys.flatMap(({ counterExample }) => counterExample?.operations ?? []);
    expect(liars.some(({ client }) => /^via-n[123]$/.test(client))).toBe(true);
  });

  test('[H52] nodes that take back what they called committed, though every client was told the truth', async () => {
    server = await startPlantedServer(
      commitGoesBack('core.commitIndex > 40 && core.commitIndex < 200'),
    );
    // The run has little to write until it happens, be the machine slow.
    for (let n = 0; n < EARLY; n++)
      await server.kv.write({ op: 'set', key: 'early', field: 'f', value: String(n) }, SLOW_MS);
    await expect
      .poll(() => Math.min(...server.fold.view(0).nodes.map(({ commitIndex }) => commitIndex)))
      .toBeGreaterThan(EARLY);
    const run = await ran({ seed: 1, durationMs: 5000, faults: [], clients: 4, keys: 4 });
    expect(run.verdict).toBe('violation');
    const verdicts = Object.fromEntries(run.checks.map(({ check, status }) => [check, status]));
    expect(verdicts).toMatchObject({ order: 'pass', writes: 'pass', invariants: 'fail' });
    const violated = run.invariants.filter(({ status }) => status === 'violated');
    expect(violated.map(({ id }) => id)).toEqual(['never-back']);
    expect(violated[0]?.violation?.text).toMatch(
      /^the commit index of n[123] went back from \d+ to 2$/,
    );
    const { events } = server.fold.view(0);
    expect(events.find(({ seq }) => seq === violated[0]?.violation?.eventSeq)?.kind).toBe(
      'invariant-broken',
    );
  });
});
