/** Faults in the page's words, requests and forecasts. */
import { describe, expect, test } from 'vitest';
import { curlOf } from '../../client/curl.ts';
import * as requests from '../../client/fault-requests.ts';
import { laneWords, linkState, linkWords, nodeFaultWords } from '../../client/fault-words.ts';
import { forecast } from '../../client/forecast.ts';
import { LOG_MOST_MS, LOG_STEPS, msAt, stepOf } from '../../client/log-scale.ts';
import { pairsBetween, splitName, splitsOf } from '../../client/partitions.ts';
import { alongLink, crosses, laneBetween } from '../../components/cluster/geometry.ts';
import { NO_FAULTS } from '../../contracts/faults.ts';
import type { LinkView } from '../../contracts/view.ts';
import { nodeView, viewOf } from './views.ts';

const NODES = ['n1', 'n2', 'n3'];

function link(from: string, to: string, parts: Partial<LinkView> = {}): LinkView {
  return {
    from,
    to,
    cut: false,
    delayMs: 0,
    jitterMs: 0,
    loss: 0,
    duplicate: 0,
    reorder: 0,
    ...parts,
  };
}

/** Three nodes, all up, led by n1. */
function healthy(cut: readonly string[] = []) {
  const links = NODES.flatMap((from) =>
    NODES.filter((to) => to !== from).map((to) =>
      link(from, to, { cut: cut.includes(`${from}>${to}`) }),
    ),
  );
  const nodes = NODES.map((id) =>
    nodeView(id, { leader: 'n1', role: id === 'n1' ? 'leader' : 'follower' }),
  );
  return viewOf(nodes, { links });
}

describe('words', () => {
  test('[U57] every fault of a node is told in words, what is left of a pause rounded up', () => {
    const words = nodeFaultWords(
      {
        pausedUntilMs: 4100,
        diskDelayMs: 200,
        diskFull: true,
        clockOffsetMs: 5000,
        clockDrift: -25,
        wiped: true,
      },
      1000,
    );
    expect(words).toEqual([
      { what: 'thread', text: 'paused 4 s' },
      { what: 'disk', text: 'disk wiped: replace it' },
      { what: 'disk', text: 'disk full' },
      { what: 'disk', text: 'disk +200 ms' },
      { what: 'clock', text: 'clock +5.0 s' },
      { what: 'clock', text: 'clock −2.5 % rate' },
    ]);
    expect(nodeFaultWords(NO_FAULTS, 1000)).toEqual([]);
  });

  test('[U58] a link tells what it does, with an arrow where only one way does it', () => {
    const slow = { delayMs: 80, jitterMs: 20 };
    expect(linkWords([link('n1', 'n2', slow), link('n2', 'n1', slow)])).toBe('80–100 ms');
    expect(linkWords([link('n1', 'n2', { cut: true }), link('n2', 'n1')])).toBe('n1 → n2 cut');
    expect(
      laneWords(link('n1', 'n2', { delayMs: 5, loss: 0.2, duplicate: 0.05, reorder: 0.1 })),
    ).toBe('5 ms, 20 % lost, 5 % twice, 10 % swapped');
    expect(linkWords([link('n1', 'n2'), link('n2', 'n1')])).toBe('');
    expect(linkState([link('n1', 'n2'), link('n2', 'n1', { reorder: 0.1 })])).toBe('lossy');
    expect(linkState([link('n1', 'n2', { jitterMs: 1 })])).toBe('slow');
  });

  test('[U58] the slider of a delay reaches every whole step there and back', () => {
    expect([0, 1, LOG_STEPS].map(msAt)).toEqual([0, 1, LOG_MOST_MS]);
    for (const ms of [0, 1, 10, 50, 500, LOG_MOST_MS]) {
      expect(Math.abs(msAt(stepOf(ms)) - ms)).toBeLessThanOrEqual(ms / 20);
    }
    expect(stepOf(10_000)).toBe(LOG_STEPS);
  });

  test('[U61] a fault is copied as a command that a shell takes as it is', () => {
    expect(curlOf('http://h:1', [requests.HEAL])).toBe("curl -X POST 'http://h:1/api/v1/heal'");
    expect(curlOf('http://h:1', [requests.setDisk("n'1", { delayMs: 1, full: false })])).toBe(
      String.raw`curl -X PUT 'http://h:1/api/v1/nodes/n'\''1/disk' -H 'content-type: application/json' -d '{"delayMs":1,"full":false}'`,
    );
  });
});

describe('partitions', () => {
  test('[U59] every split in two has a name, once; of many nodes only single ones are split off', () => {
    expect(splitsOf(NODES).map(splitName)).toEqual(['n1 | n2 n3', 'n2 | n1 n3', 'n3 | n1 n2']);
    expect(splitsOf(['n1', 'n2']).map(splitName)).toEqual(['n1 | n2']);
    const four = splitsOf(['n1', 'n2', 'n3', 'n4']).map(splitName);
    expect(four).toHaveLength(7);
    expect(four.slice(4)).toEqual(['n1 n2 | n3 n4', 'n1 n3 | n2 n4', 'n1 n4 | n2 n3']);
    expect(splitsOf(['n1', 'n2', 'n3', 'n4', 'n5'])).toHaveLength(15);
    expect(splitsOf(['a', 'b', 'c', 'd', 'e', 'f'])).toHaveLength(6);
    expect(splitsOf(['n1'])).toEqual([]);
    expect(pairsBetween([['n1'], ['n2', 'n3']])).toEqual([
      ['n1', 'n2'],
      ['n1', 'n3'],
    ]);
  });

  test('[U59] a stroke crosses a lane only where both lie', () => {
    const card = { width: 20, height: 10 };
    const [a, b] = [
      { x: 0, y: 0 },
      { x: 100, y: 0 },
    ];
    const there = laneBetween(a, b, card);
    const back = laneBetween(b, a, card);
    expect(crosses({ x: 50, y: -20 }, { x: 50, y: 20 }, there)).toBe(true);
    expect(crosses({ x: 50, y: -20 }, { x: 50, y: -10 }, there)).toBe(false);
    expect(crosses({ x: 120, y: -20 }, { x: 120, y: 20 }, there)).toBe(false);
    expect(alongLink(there, back, 0.5)).toEqual({ x: 50, y: 0 });
  });
});

describe('forecasts', () => {
  test('[U60] what a cut would do is said before it is done', () => {
    const cut = (pairs: readonly (readonly [string, string])[], view = healthy()) =>
      forecast(view, { do: 'cut', pairs });
    expect(cut([['n2', 'n3']])).toBe('Cutting n2 from n3: writes go on');
    expect(
      cut([
        ['n1', 'n2'],
        ['n1', 'n3'],
      ]),
    ).toBe('Cutting 2 links takes n1’s quorum: writes wait for an election, then go on');
    expect(
      cut([
        ['n1', 'n2'],
        ['n1', 'n3'],
        ['n2', 'n3'],
      ]),
    ).toBe('Cutting 3 links leaves no side a quorum: writes will stop');
    expect(cut([['n1', 'n2']], healthy(['n1>n2', 'n2>n1']))).toBeNull();
  });

  test('[U60] a pause is foretold as a kill is, and of what does not run nothing is said', () => {
    expect(forecast(healthy(), { do: 'pause', node: 'n1' })).toBe(
      'Pausing n1 leaves 2 of 3: writes wait for an election, then go on',
    );
    expect(forecast(healthy(), { do: 'kill', node: 'n2' })).toBe(
      'Killing n2 leaves 2 of 3: writes go on',
    );
    expect(forecast(healthy(), { do: 'kill', node: 'n9' })).toBeNull();
  });
});
