/** What `top` draws: frames of views, and what makes one of the other. */
import { describe, expect, it } from 'vitest';
import { frameOf } from '../../cli/top/frame.ts';
import type { FrameOptions } from '../../cli/top/frame.ts';
import { changesOf } from '../../cli/top/screen.ts';
import { sparkline } from '../../cli/top/sparkline.ts';
import { widthOf } from '../../cli/text.ts';
import { NO_FAULTS } from '../../contracts/faults.ts';
import type { ClusterView, EventView, MetricsPoint } from '../../contracts/view.ts';
import { nodeView, viewOf } from '../client/views.ts';

const OPTIONS: FrameOptions = {
  columns: 80,
  rows: 24,
  color: false,
  nowMs: Date.UTC(2026, 10, 22, 14, 3, 22),
  url: 'http://127.0.0.1:3000',
  line: 'live',
  keys: 'q quits',
};

const events = Array.from(
  { length: 40 },
  (_, seq): EventView => ({
    seq,
    atMs: OPTIONS.nowMs - (40 - seq) * 1000,
    kind: 'leader-elected',
    node: 'n1',
    term: 3,
    index: null,
    text: `n1 is leader of term ${seq} \u001b[2J 日本語`,
  }),
);
const metrics = Array.from(
  { length: 200 },
  (_, at): MetricsPoint => ({
    atMs: at * 1000,
    writesPerSecond: at,
    readsPerSecond: 0,
    failedPerSecond: 0,
    commitP50Ms: at % 2 === 0 ? null : 1.5,
    commitP99Ms: 12,
    persistP50Ms: 1,
    persistP99Ms: 2,
    lag: {},
    leader: 'n1',
    storeBytes: 1,
  }),
);

function cluster(size: number, parts: Partial<ClusterView> = {}): ClusterView {
  const nodes = Array.from({ length: size }, (_, at) =>
    nodeView(`n${at + 1}`, {
      role: at === 0 ? 'leader' : 'follower',
      leader: 'n1',
      term: 3,
      commitIndex: 1000 - at,
      lastApplied: 1000 - at,
      lastHeardAtMs: OPTIONS.nowMs - 2100,
    }),
  );
  return viewOf(nodes, { events, metrics, ...parts });
}

const SIZES = [
  [80, 24],
  [200, 60],
  [40, 12],
  [20, 6],
  [10, 3],
  [1, 1],
] as const;

describe('frames', () => {
  it.each(SIZES)('[Z9] a frame fits %i by %i, with three nodes and with seven', (columns, rows) => {
    for (const size of [3, 7]) {
      for (const color of [false, true]) {
        const lines = frameOf(cluster(size), { ...OPTIONS, columns, rows, color });
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) {
          const visible = plain(line);
          expect(visible).toMatch(/^\P{Cc}*$/u);
          expect(widthOf(visible)).toBeLessThanOrEqual(columns);
        }
      }
    }
  });

  it('[Z9] at 80 by 24 all is there: verdict, nodes, rates, latency, events and the key', () => {
    const lines = frameOf(cluster(3), OPTIONS);
    expect(lines).toHaveLength(24);
    expect(lines[0]).toMatch(/^chronoraft {2}http:\/\/127\.0\.0\.1:3000 +live {2}14:03:22 UTC$/);
    expect(lines[1]).toBe('Healthy: n1 leads term 3, writes commit, can lose 1 more node');
    const text = lines.join('\n');
    expect(text).toMatch(/^n1 {4}leader +3 +1000 +1000 +0 +leads$/m);
    expect(text).toMatch(/^n3 {4}follower +3 +998 +998 +2 +2s$/m);
    expect(text).toMatch(/^writes +199 per s +[▁▂▃▄▅▆▇█]{53}$/m);
    expect(text).toMatch(/^commit p50 +1\.5 ms/m);
    expect(text).toMatch(/^14:03:21 {2}n1 is leader of term 39 \\x1b\[2J 日本語$/m);
    expect(lines.at(-1)).toBe('q quits');
  });

  it('[Z9] what is in colour is in words as well: who is down, cut off, at fault, and a line that broke', () => {
    const { nodes } = cluster(3);
    const [first, second, third] = nodes;
    if (first === undefined || second === undefined || third === undefined) throw new Error('3');
    const links = ['n1', 'n2'].flatMap((id) =>
      [
        [id, 'n3'],
        ['n3', id],
      ].map(([from = '', to = '']) => ({
        from,
        to,
        cut: true,
        delayMs: 0,
        jitterMs: 0,
        loss: 0,
        duplicate: 0,
        reorder: 0,
      })),
    );
    const down = {
      ...second,
      state: 'down' as const,
      reason: 'killed',
      sinceMs: OPTIONS.nowMs - 61_000,
    };
    const faulty = { ...third, faults: { ...NO_FAULTS, diskFull: true } };
    const broken = cluster(3, { nodes: [first, down, faulty], links });
    for (const color of [false, true]) {
      const frame = frameOf(broken, { ...OPTIONS, color, line: 'reconnecting' });
      const text = frame.map(plain).join('\n');
      expect(text).toMatch(/^No quorum: /m);
      expect(text).toMatch(/^! /m);
      expect(text).toMatch(/^n2 +down .* – +– {2}killed, 1 min 1 s ago/m);
      expect(text).toMatch(/^n3 +follower .* cut off; disk full$/m);
      expect(text).toContain('NO CONTACT: this is old');
      expect(frame.join('').includes('\u001b[')).toBe(color);
    }
  });

  it('[Z9] a pipe gets one frame as high as it comes, without colour or keys', () => {
    const lines = frameOf(cluster(7), { ...OPTIONS, rows: null, line: 'once', keys: null });
    expect(lines.filter((line) => /^\d\d:\d\d:\d\d /.test(line))).toHaveLength(10);
    expect(lines.join('\n')).not.toContain('q quits');
  });

  it('[Z9] a row of blocks has a gap where nothing was measured', () => {
    expect(sparkline([0, 7, null, 14])).toBe('▁▅ █');
    expect(sparkline([0, 0])).toBe('▁▁');
    expect(sparkline([])).toBe('');
  });
});

describe('drawing', () => {
  it('[Z10] only what changed is written, and written it makes the second frame of the first', () => {
    const before = frameOf(cluster(3), OPTIONS);
    const later = { ...OPTIONS, nowMs: OPTIONS.nowMs + 1000 };
    const after = frameOf(cluster(3), later);
    const changed = changesOf(before, after);
    expect(played(before, changed)).toEqual(after);
    expect(changed.length).toBeLessThan(after.join('').length / 3);
    expect(changesOf(after, after)).toBe('');
    const short = frameOf(cluster(3), { ...OPTIONS, rows: 12 });
    expect(played(before, changesOf(before, short)).slice(0, 12)).toEqual(short);
    expect(played(before, changesOf(before, short)).slice(12).join('')).toBe('');
  });
});

function plain(line: string): string {
  return line.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g'), '');
}

/** A terminal that knows these sequences only: to a line, and clear it. */
function played(lines: readonly string[], text: string): string[] {
  const screen = [...lines];
  for (const [, row, line] of text.matchAll(
    new RegExp(
      `${String.fromCharCode(27)}\\[(\\d+);1H.\\[2K([^${String.fromCharCode(27)}]*)`,
      'gs',
    ),
  ))
    screen[Number(row) - 1] = line ?? '';
  return screen;
}
