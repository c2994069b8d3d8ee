/** The judge of watchers sees whatever may be wrong with what they were told, and accuses nobody else. */
import { describe, expect, test } from 'vitest';
import { encodeCommand } from '../../server/kv/command.ts';
import { KvStore } from '../../server/kv/store.ts';
import type { ChangeBatch, ChangesAnswer, Command, Scope } from '../../server/kv/types.ts';
import type { Entry } from '../../server/raft/types.ts';
import type { Heard } from '../../sim/sim-watcher.ts';
import { Reference } from '../../sim/reference.ts';
import { checkWatches } from '../../sim/watch-judge.ts';

const START_MS = 1000;
const COMMANDS: readonly Command[] = [
  { op: 'set', key: 'a', field: 'x', value: 'one', ttl: 25 },
  { op: 'set', key: 'b', field: 'x', value: 'two' },
  { op: 'set', key: 'a', field: 'y', value: 'planned', timestamp: START_MS + 55 },
  { op: 'set', key: 'b', field: 'x', value: 'late', timestamp: START_MS + 5 },
  { op: 'delete', key: 'b', field: 'x' },
  { op: 'tick' },
  { op: 'set', key: 'a', field: 'x', value: 'three' },
];

/** Ten milliseconds apart. */
const LOG: readonly Entry[] = COMMANDS.map((command, i) => ({
  index: i + 1,
  term: 1,
  stamp: (START_MS + i * 10) * 1000,
  kind: 'command',
  data: encodeCommand(command),
}));

function told(scope: Scope, after: number): Heard {
  const store = KvStore.empty();
  for (const entry of LOG) store.apply(entry);
  const result = store.query({ type: 'changes', ...scope, after, limit: 1000 });
  if (!result.ok) throw new Error(result.error.message);
  const { batches, through } = result.answer as ChangesAnswer;
  return { scope, after, through, batches: [...batches] };
}

function changed(heard: Heard, change: (batches: ChangeBatch[]) => void): Heard {
  const batches = structuredClone(heard.batches);
  change(batches);
  return { ...heard, batches };
}

describe('the judge of watchers', () => {
  test('[W9] has nothing to say of what a store tells, whatever is watched and from when', () => {
    for (const scope of [{}, { prefix: 'b' }, { key: 'a' }, { key: 'a', field: 'x' }])
      for (let after = 0; after <= LOG.length; after++)
        expect(checkWatches([told(scope, after)], new Reference(LOG))).toEqual([]);
    const kinds = told({}, 0).batches.flatMap(({ changes }) => changes.map(({ kind }) => kind));
    expect(kinds).toEqual(['set', 'set', 'set', 'expire', 'set', 'delete', 'start', 'set']);
  });

  test.each<[string, (batches: ChangeBatch[]) => void]>([
    ['a missing revision', (batches) => void batches.splice(2, 1)],
    ['a missing end', (batches) => void batches.pop()],
    ['a revision told twice', (batches) => void batches.splice(2, 0, batches[2] as ChangeBatch)],
    ['a wrong order', (batches) => void batches.reverse()],
    [
      'a revision in parts',
      (batches) => {
        const [batch] = batches.splice(3, 1) as [ChangeBatch];
        const parts = batch.changes.map((change) => ({ ...batch, changes: [change] }));
        batches.splice(3, 0, ...parts);
      },
    ],
    [
      'a missing expiry',
      (batches) => {
        const batch = batches[3] as ChangeBatch;
        batches[3] = { ...batch, changes: batch.changes.slice(1) };
      },
    ],
    [
      'an expiry told too late',
      (batches) => {
        const [early, late] = [batches[3], batches[4]] as [ChangeBatch, ChangeBatch];
        const [expiry, ...rest] = early.changes as [ChangeBatch['changes'][0]];
        batches[3] = { ...early, changes: rest };
        batches[4] = { ...late, changes: [expiry, ...late.changes] };
      },
    ],
    [
      'a wrong value',
      (batches) => void Object.assign(batches[0]?.changes[0] ?? {}, { value: '?' }),
    ],
    [
      'a wrong value before',
      (batches) => {
        Object.assign(batches.at(-1)?.changes[0] ?? {}, { previous: null });
        Object.assign(batches[3]?.changes[0] ?? {}, { previous: null });
      },
    ],
    ['a wrong stamp', (batches) => void Object.assign(batches[1] ?? {}, { stamp: 1 })],
  ])('[W9] sees %s', (_what, change) => {
    expect(checkWatches([changed(told({}, 0), change)], new Reference(LOG))).toHaveLength(1);
  });

  test('[W9] sees a page that claims to reach further than it does', () => {
    const short = { ...told({}, 0) };
    short.batches.splice(4);
    expect(checkWatches([{ ...short, through: 4 }], new Reference(LOG))).toEqual([]);
    expect(checkWatches([{ ...short, through: 5 }], new Reference(LOG))).toHaveLength(1);
    expect(
      checkWatches([{ ...told({}, 0), through: LOG.length + 1 }], new Reference(LOG)),
    ).toHaveLength(1);
  });
});
