/** Which states are looked at. */
import { expect, test } from 'vitest';
import { crashStates, KINDS } from '../../torture/crash-states/crash-states.ts';
import type { CrashState } from '../../torture/crash-states/crash-states.ts';
import type { DiskEvent } from '../../torture/crash-states/disk-events.ts';
import { SECTOR_BYTES } from '../../torture/crash-states/disk.ts';

/** A sector each, of one letter. */
function write(sector: number, letter: string): DiskEvent {
  return {
    type: 'write',
    file: 1,
    at: sector * SECTOR_BYTES,
    bytes: Buffer.from(letter.repeat(SECTOR_BYTES)),
  };
}

const EVENTS: readonly DiskEvent[] = [
  { type: 'create', name: 'a', file: 1 },
  { type: 'syncNames' },
  { type: 'write', file: 1, at: 0, bytes: Buffer.alloc(3 * SECTOR_BYTES, '-') },
  { type: 'sync', file: 1 },
  { type: 'mark', text: 'done log 1' },
  write(0, 'x'),
  write(1, 'y'),
  write(2, 'z'),
  { type: 'sync', file: 1 },
];

function statesOf(seed: number, states: number): readonly CrashState[] {
  return [...crashStates(EVENTS, { seed, states })];
}

/** The first letter of each sector. */
function letters({ files }: CrashState): string {
  const text = files.get('a')?.toString() ?? 'none';
  return text === 'none' ? text : [0, 1, 2].map((at) => text[at * SECTOR_BYTES] ?? '').join('');
}

test('[X22] a seed gives the same states again, another seed others, and as many as were asked for', () => {
  const told = (states: readonly CrashState[]): unknown[] =>
    states.map((state) => [state.number, state.after, state.kind, letters(state)]);
  expect(told(statesOf(5, 300))).toEqual(told(statesOf(5, 300)));
  expect(told(statesOf(5, 300))).not.toEqual(told(statesOf(6, 300)));
  for (const count of [1, 7, 300])
    expect(statesOf(5, count).map(({ number }) => number)).toEqual(
      Array.from({ length: count }, (_, i) => i),
    );
});

test('[X22] every moment has states, each kind occurs, and after a promise one in which nothing more is there', () => {
  const states = statesOf(1, 300);
  expect([...new Set(states.map(({ after }) => after))]).toEqual(
    Array.from({ length: EVENTS.length + 1 }, (_, i) => i),
  );
  expect(new Set(states.map(({ kind }) => kind))).toEqual(new Set(KINDS));
  expect(states.find(({ after }) => after === 5)?.kind).toBe('lost');
});

test('[X22] of what is pending every part is drawn, and never less than what was synchronised', () => {
  const pending = statesOf(2, 3000).filter(({ after }) => after === 8);
  const found = new Set(pending.map(letters));
  expect([...found].sort()).toEqual(['---', '--z', '-y-', '-yz', 'x--', 'x-z', 'xy-', 'xyz']);
  const synced = statesOf(2, 3000).filter(({ after }) => after === 9);
  expect(new Set(synced.map(letters))).toEqual(new Set(['xyz']));
});

test('[X22] a write is torn between sectors: its first ones are there, or its last', () => {
  const torn = statesOf(3, 3000).filter(({ after, kind }) => after === 3 && kind === 'torn');
  const found = new Set(torn.map(letters).map((text) => text.replaceAll('\0', '.')));
  expect([...found].sort()).toEqual(['', '-', '--', '---', '.--', '..-']);
});
