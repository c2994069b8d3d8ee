/** The judge of watchers sees whatever may be wrong with what they were told, and accuses nobody else. */
import { describe, expect, test } from 'vitest';
import { encodeCommand } from '../../server/kv/command.ts';
import { KvStore } from '../../server/kv/store.ts';
import type { ChangeBatch, ChangesAnswer } from '../../server/kv/queries.ts';
import type { Command, Scope } from '../../server/kv/types.ts';
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
function logOf(commands: readonly Command[]): readonly Entry[] {
  return commands.map((command, i) => ({
    index: i + 1,
    term: 1,
    stamp: (START_MS + i * 10) * 1000,
    kind: 'command',
    data: encodeCommand(command),
  }));
}

const LOG = logOf(COMMANDS);

/** The same, then all that is dated up to the fourth revision is forgotten, and something is written before and after that. */
const FORGETFUL_LOG = logOf([
  ...COMMANDS,
  { op: 'retention', maxAgeMs: 20, maxVersions: null },
  { op: 'set', key: 'a', field: 'y', value: 'back then', timestamp: START_MS + 12 },
  { op: 'compact', by: 'age', asOf: 4 },
  { op: 'set', key: 'b', field: 'x', value: 'four' },
]);

/** What a node that has applied `log` tells. */
function told(scope: Scope, after: number, log = LOG): Heard {
  const store = KvStore.empty();
  for (const entry of log) store.apply(entry);
  const result = store.query({ type: 'changes', ...scope, after, limit: 1000 });
  const asOf = log.length;
  if (!result.ok) {
    const { error } = result;
    return { scope, after, pages: [], refusals: [{ after, asOf, error }] };
  }
  const { batches, through } = result.answer as ChangesAnswer;
  return { scope, after, pages: [{ batches, through, asOf }], refusals: [] };
}

function batchesOf({ pages }: Heard): readonly ChangeBatch[] {
  return pages.flatMap(({ batches }) => batches);
}

function changed(heard: Heard, change: (batches: ChangeBatch[]) => void): Heard {
  const batches = structuredClone([...batchesOf(heard)]);
  change(batches);
  return { ...heard, pages: heard.pages.map((page) => ({ ...page, batches })) };
}

function complaints(heard: Heard, log = LOG): readonly string[] {
  return checkWatches([heard], new Reference(log));
}

describe('the judge of watchers', () => {
  test('[W9] has nothing to say of what a store tells, whatever is watched and from when', () => {
    for (const scope of [{}, { prefix: 'b' }, { key: 'a' }, { key: 'a', field: 'x' }])
      for (let after = 0; after <= LOG.length; after++)
        expect(complaints(told(scope, after))).toEqual([]);
    const kinds = batchesOf(told({}, 0)).flatMap(({ changes }) => changes.map(({ kind }) => kind));
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
    expect(complaints(changed(told({}, 0), change))).toHaveLength(1);
  });

  test('[W9] sees a page that claims to reach further than it does', () => {
    const short = changed(told({}, 0), (batches) => void batches.splice(4));
    const upTo = (through: number): Heard => ({
      ...short,
      pages: short.pages.map((page) => ({ ...page, through })),
    });
    expect(complaints(upTo(4))).toEqual([]);
    expect(complaints(upTo(5))).toHaveLength(1);
    const [whole] = told({}, 0).pages;
    const pages = [{ ...(whole as Heard['pages'][0]), through: LOG.length + 1 }];
    expect(complaints({ ...told({}, 0), pages })).toHaveLength(1);
  });

  test('[W9] has nothing to say of what is rightly forgotten: which pages are refused, and what stood before', () => {
    for (let after = 0; after <= FORGETFUL_LOG.length; after++) {
      const heard = told({}, after, FORGETFUL_LOG);
      expect(heard.refusals).toHaveLength(after < 4 ? 1 : 0);
      expect(complaints(heard, FORGETFUL_LOG)).toEqual([]);
    }
    const changes = batchesOf(told({}, 4, FORGETFUL_LOG)).flatMap((batch) => batch.changes);
    expect(changes.filter(({ previousCompacted }) => previousCompacted)).toHaveLength(1);
  });

  test('[W9] sees what is said to be forgotten and is not, and what is told though it is', () => {
    const honest = told({}, 4, FORGETFUL_LOG);
    const claim = (revision: number, previousCompacted: boolean): Heard =>
      changed(honest, (batches) => {
        const batch = batches.find((one) => one.revision === revision);
        Object.assign(batch?.changes.at(-1) ?? {}, { previous: null, previousCompacted });
      });
    expect(complaints(claim(9, true), FORGETFUL_LOG)).toEqual([]);
    expect(complaints(claim(9, false), FORGETFUL_LOG)).toHaveLength(1);
    expect(complaints(claim(11, true), FORGETFUL_LOG)).toHaveLength(1);
    // One that has not applied the step yet has nothing to forget.
    const early = told({}, 4, FORGETFUL_LOG.slice(0, 9));
    expect(complaints(early, FORGETFUL_LOG)).toEqual([]);
    const pages = early.pages.map((page) => ({ ...page, batches: batchesOf(claim(9, true)) }));
    expect(complaints({ ...early, pages }, FORGETFUL_LOG)).toHaveLength(1);
    // Pages.
    expect(complaints({ ...told({}, 3), scope: {} }, FORGETFUL_LOG)).toEqual([]);
    const late = told({}, 3).pages.map((page) => ({ ...page, asOf: 10 }));
    expect(complaints({ ...told({}, 3), pages: late }, FORGETFUL_LOG).join()).toContain(
      'what follows 3, and it is forgotten',
    );
  });

  test('[W9] sees a refusal that nothing earns', () => {
    const refused = told({}, 3, FORGETFUL_LOG);
    const [refusal] = refused.refusals;
    const { error } = refusal as Heard['refusals'][0];
    const asked = (after: number, asOf: number, changes = {}): Heard => ({
      ...refused,
      refusals: [{ after, asOf, error: { ...error, ...changes } }],
    });
    expect(complaints(asked(3, 10), FORGETFUL_LOG)).toEqual([]);
    expect(complaints(asked(4, 10), FORGETFUL_LOG)).toHaveLength(1);
    expect(complaints(asked(3, 9), FORGETFUL_LOG)).toHaveLength(1);
    const horizon = { timestamp: START_MS + 40, revision: 5 };
    expect(complaints(asked(3, 10, { horizon }), FORGETFUL_LOG)).toHaveLength(1);
    expect(complaints(asked(11, 10, { code: 'REVISION_NOT_YET' }), FORGETFUL_LOG)).toEqual([]);
    expect(complaints(asked(10, 10, { code: 'REVISION_NOT_YET' }), FORGETFUL_LOG)).toHaveLength(1);
  });
});
