/** What crosses between the main thread and a node arrives as it was sent. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Proposed } from '../../server/node/control.ts';
import {
  packAnswers,
  packProposals,
  unpackAnswers,
  unpackProposals,
} from '../../server/node/control-wire.ts';
import type { Answer } from '../../server/node/control-wire.ts';

const count = fc.maxSafeNat();
const hint = fc.constantFrom('n1', null);

const done: fc.Arbitrary<Proposed> = fc.record({
  outcome: fc.constant('applied'),
  index: count,
  term: count,
  result: fc.record({
    ok: fc.constant(true),
    revision: fc.option(count),
    timestamp: count,
    stamp: count,
    outcome: fc.oneof(
      fc.record({ op: fc.constantFrom('set', 'delete'), existed: fc.boolean() }),
      fc.record({ op: fc.constant('increment'), value: fc.integer() }),
    ),
  }),
});

const other: fc.Arbitrary<Proposed> = fc.oneof(
  fc.record({
    outcome: fc.constant('applied'),
    index: count,
    term: count,
    result: fc.record({
      ok: fc.constant(false),
      error: fc.record({ code: fc.constant('SESSION_STALE'), message: fc.string() }),
    }),
  }),
  fc.record({
    outcome: fc.constant('dropped'),
    reason: fc.constantFrom('not-leader', 'overloaded', 'halted'),
    leaderHint: hint,
  }),
  fc.record({ outcome: fc.constant('unknown'), leaderHint: hint }),
);

test('[N3] every answer arrives once, as it was given', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(done, other)), (outcomes) => {
      const answers = outcomes.map((proposed, id): Answer => ({ id, proposed }));
      const arrived: Answer[] = [];
      unpackAnswers(structuredClone(packAnswers(answers)), (id, proposed) =>
        arrived.push({ id, proposed }),
      );
      expect(arrived.sort((a, b) => a.id - b.id)).toEqual(answers);
    }),
  );
});

test('[N3] every proposal arrives, in order', () => {
  const proposal = fc.record({ id: count, data: fc.string({ unit: 'binary' }) });
  fc.assert(
    fc.property(fc.array(proposal), (proposals) => {
      expect(unpackProposals(structuredClone(packProposals(proposals)))).toEqual(proposals);
    }),
  );
});
