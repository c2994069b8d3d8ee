/** What the pages of chaos runs say. */
import { describe, expect, test } from 'vitest';
import { forecast, phaseOf, phaseWord, PRESETS, sentenceOf } from '../../client/chaos-words.ts';
import { ChaosBody } from '../../contracts/chaos.ts';
import type { ChaosCheck, ChaosInvariant, ChaosRun, ChaosSettings } from '../../contracts/chaos.ts';

const SETTINGS: ChaosSettings = {
  seed: 7,
  faults: ['crash'],
  intensity: 'medium',
  durationMs: 60_000,
  clients: 8,
  keys: 12,
  keepQuorum: true,
  deleteKeys: false,
};

const RUN: ChaosRun = {
  id: 'r',
  state: 'done',
  reason: null,
  settings: SETTINGS,
  nodes: ['n1', 'n2', 'n3'],
  startedAtMs: 0,
  ranMs: 60_012,
  counts: { operations: 18_204, acknowledged: 9000, reads: 9200, failed: 3, unknown: 1 },
  strikes: 9,
  leaderChanges: 2,
  longestPauseMs: 1312,
  verdict: 'linearizable',
  schedule: [],
  seconds: [],
  keys: [],
  checks: [],
  invariants: [invariant('held'), invariant('held')],
};

function invariant(status: ChaosInvariant['status']): ChaosInvariant {
  return { id: 'log-matching', title: 'Logs match', status, checks: 1, violation: null };
}

function check(status: ChaosCheck['status'], words: string): ChaosCheck {
  return { check: 'order', status, checked: 1, words };
}

describe('a run in one sentence', () => {
  test.each([
    [
      {},
      'Linearizable: 18,204 operations on 12 keys, none lost, while 9 faults struck; longest pause 1.3 s; all 2 invariants held',
    ],
    [
      { strikes: 1, settings: { ...SETTINGS, keys: 1 } },
      'Linearizable: 18,204 operations on 1 key, none lost, while 1 fault struck; longest pause 1.3 s; all 2 invariants held',
    ],
    [
      { invariants: [invariant('held'), invariant('unchecked')] },
      'Linearizable: 18,204 operations on 12 keys, none lost, while 9 faults struck; longest pause 1.3 s; 1 of 2 invariants held, the others could not be checked',
    ],
    [
      { verdict: 'violation', checks: [check('pass', 'Good.'), check('fail', '"a" is lost.')] },
      'Violation: "a" is lost.',
    ],
    [{ verdict: 'unknown', checks: [check('unknown', 'It gave up.')] }, 'Unknown: It gave up.'],
    [
      { state: 'running', verdict: null, ranMs: 47_100 },
      'Running: 13 s left, 18,204 operations so far',
    ],
    [
      { state: 'judging', verdict: null },
      'Judging 18,204 operations on 12 keys: 0 of 12 keys done',
    ],
    [
      { state: 'interrupted', verdict: null },
      'Interrupted: the server stopped in the middle, and the cluster was left as by a crash',
    ],
    [
      { state: 'broken', verdict: null, reason: 'the disk is full' },
      'Broken off: the disk is full',
    ],
  ] as const)('[U91] %j', (given, sentence) => {
    expect(sentenceOf({ ...RUN, ...given } as ChaosRun)).toBe(sentence);
  });

  test('[U91] a run that has no verdict and goes on no more is neither running nor judged', () => {
    expect(phaseOf(RUN)).toBe('linearizable');
    expect(phaseOf({ ...RUN, state: 'healing', verdict: null })).toBe('running');
    expect(phaseOf({ ...RUN, state: 'interrupted', verdict: null })).toBe('none');
    expect(phaseWord({ ...RUN, verdict: 'violation' })).toBe('Violation');
  });
});

describe('before a run', () => {
  test('[U91] the forecast tells the load, the faults, and what they may cost', () => {
    expect(forecast(SETTINGS, 14, 3)).toBe(
      'For 1 minute 8 clients write and read 12 keys while 14 faults strike. A quorum stays: writes pause while a leader is elected, and go on.',
    );
    expect(forecast({ ...SETTINGS, keepQuorum: false, durationMs: 30_000 }, 1, 3)).toContain(
      'For 30 s 8 clients write and read 12 keys while 1 fault strikes. The quorum may be lost',
    );
    expect(forecast({ ...SETTINGS, faults: [] }, 0, 3)).toContain('nothing strikes');
    expect(forecast(SETTINGS, 0, 1)).toContain('nothing of this can strike 1 voters');
  });

  test('[U91] presets are settings that the server takes', () => {
    for (const { set } of PRESETS) expect(ChaosBody.parse(set).faults).toEqual(set.faults);
  });
});
