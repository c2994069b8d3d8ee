/** Which states are looked at. */
import { expect, test } from 'vitest';
import { crashStates } from '../../torture/crash-states/crash-states.ts';
import type { CrashState, Kind } from '../../torture/crash-states/crash-states.ts';
import type { DiskEvent } from '../../torture/crash-states/disk-events.ts';
import { SECTOR_BYTES } from '../../torture/crash-states/disk.ts';

/** As many sectors as letters, from this one on, each of one letter. */
function write(sector: number, letters: string): DiskEvent {
  const bytes = Buffer.concat(Array.from(letters, (letter) => Buffer.alloc(SECTOR_BYTES, letter)));
  return { type: 'write', file: 1, at: sector * SECTOR_BYTES, bytes };
}

const KINDS: readonly Kind[] = ['lost', 'kept', 'prefix', 'subset', 'torn', 'shredded'];

const EVENTS: readonly DiskEvent[] = [
  { type: 'create', name: 'a', file: 1 },
  { type: 'syncNames' },
  write(0, '---'),
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

const ANY = ['---', '--z', '-y-', '-yz', 'x--', 'x-z', 'xy-', 'xyz'];

test.each<readonly [Kind, after: number, found: readonly string[]]>([
  ['lost', 8, ['---']],
  ['kept', 8, ['xyz']],
  ['prefix', 8, ['---', 'x--', 'xy-', 'xyz']],
  ['subset', 8, ANY],
  ['shredded', 8, ANY],
  // A write of three sectors.
  ['subset', 3, ['', '---']],
  ['shredded', 3, ['', '-', '--', '---', '-.-', '.-', '.--', '..-']],
  // A name without data.
  ['lost', 1, ['', 'none']],
  ['kept', 1, ['', 'none']],
])('[X22] of what is pending is there, when %s after %i events: %j', (kind, after, found) => {
  expect(drawn(EVENTS, kind, after)).toEqual([...found].sort());
});

test.each(KINDS)('[X22] what was synchronised is there: %s', (kind) => {
  expect(drawn(EVENTS, kind, 9)).toEqual(['xyz']);
});

test('[X22] the last write is torn between sectors: its first ones are there, or its last', () => {
  expect(drawn(EVENTS, 'torn', 3)).toEqual(['', '-', '--', '---', '.--', '..-'].sort());
  const two: DiskEvent[] = [...EVENTS.slice(0, 6), write(1, 'yz'), { type: 'sync', file: 1 }];
  expect(drawn(two, 'torn', 7)).toEqual(ANY);
});

/** What is found, by one letter for each sector. */
function drawn(events: readonly DiskEvent[], kind: Kind, after: number): readonly string[] {
  const found = [...crashStates(events, { seed: 2, states: 6000 })]
    .filter((state) => state.kind === kind && state.after === after)
    .map((state) => letters(state).replaceAll('\0', '.'));
  return [...new Set(found)].sort();
}
