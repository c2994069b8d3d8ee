/** Any message that a node may send, for properties. */
import fc from 'fast-check';
import { encodeConf } from '../../server/raft/conf-state.ts';
import type { AppendEntries, Message, MessageType } from '../../server/raft/messages.ts';
import type { ConfState, Entry } from '../../server/raft/types.ts';

export const FROM = 'n1';
export const TO = 'n2';

const SMALL = fc.integer({ min: 0, max: 1000 });
const POSITIVE = fc.integer({ min: 1, max: 1000 });
const IDS = fc.uniqueArray(fc.constantFrom('n1', 'n2', 'n3', 'n4'));
const CONF: fc.Arbitrary<ConfState> = fc.record({
  voters: fc.uniqueArray(fc.constantFrom('n1', 'n2', 'n3'), { minLength: 1 }),
  votersOutgoing: IDS,
  learners: IDS,
});

/** Before the first entry, or an entry of a term up to `most`. */
function place(most: number): fc.Arbitrary<{ readonly index: number; readonly term: number }> {
  const nowhere = fc.constant({ index: 0, term: 0 });
  if (most === 0) return nowhere;
  return fc.oneof(nowhere, fc.record({ index: POSITIVE, term: fc.integer({ min: 1, max: most }) }));
}

const KIND: fc.Arbitrary<Pick<Entry, 'kind' | 'data'>> = fc.oneof(
  fc.constant({ kind: 'noop', data: '' } as const),
  fc.record({ kind: fc.constant('command' as const), data: fc.string() }),
  CONF.map((conf) => ({ kind: 'confChange', data: encodeConf(conf) }) as const),
);

const APPEND: fc.Arbitrary<AppendEntries> = POSITIVE.chain((term) =>
  fc
    .tuple(
      place(term),
      SMALL,
      fc.array(fc.tuple(KIND, fc.integer({ min: 1, max: 9 }), fc.boolean()), { maxLength: 6 }),
    )
    .map(([prev, leaderCommit, steps]) => {
      let last = { term: Math.max(1, prev.term), stamp: 0 };
      const entries = steps.map(([what, later, newTerm], i): Entry => {
        last = {
          term: Math.min(term, last.term + (newTerm ? 1 : 0)),
          stamp: last.stamp + later,
        };
        return { index: prev.index + 1 + i, ...last, ...what };
      });
      return {
        type: 'AppendEntries',
        from: FROM,
        to: TO,
        term,
        prevLogIndex: prev.index,
        prevLogTerm: prev.term,
        entries,
        leaderCommit,
      };
    }),
);

type Rest<T extends MessageType> = Omit<Extract<Message, { type: T }>, 'type' | 'from' | 'to'>;

function of<T extends MessageType>(type: T, rest: fc.Arbitrary<Rest<T>>): fc.Arbitrary<Message> {
  return rest.map((fields) => ({ type, from: FROM, to: TO, ...fields }) as unknown as Message);
}

/** From {@link FROM} to {@link TO}. */
export const MESSAGE: fc.Arbitrary<Message> = fc.oneof(
  { weight: 3, arbitrary: APPEND },
  of(
    'PreVote',
    SMALL.chain((term) =>
      place(term).map((last) => ({
        term,
        nextTerm: term + 1,
        lastLogIndex: last.index,
        lastLogTerm: last.term,
      })),
    ),
  ),
  of('PreVoteResponse', fc.record({ term: SMALL, nextTerm: POSITIVE, granted: fc.boolean() })),
  of(
    'RequestVote',
    fc.tuple(POSITIVE, fc.boolean()).chain(([term, transfer]) =>
      place(term - 1).map((last) => ({
        term,
        lastLogIndex: last.index,
        lastLogTerm: last.term,
        transfer,
      })),
    ),
  ),
  of('RequestVoteResponse', fc.record({ term: POSITIVE, granted: fc.boolean() })),
  of(
    'AppendEntriesResponse',
    fc.record({
      term: POSITIVE,
      success: fc.boolean(),
      index: SMALL,
      conflictIndex: SMALL,
      conflictTerm: SMALL,
    }),
  ),
  of('Heartbeat', fc.record({ term: POSITIVE, leaderCommit: SMALL, readSeq: SMALL })),
  of('HeartbeatResponse', fc.record({ term: POSITIVE, readSeq: SMALL })),
  of(
    'InstallSnapshot',
    fc
      .tuple(POSITIVE, SMALL, SMALL, fc.string(), fc.option(fc.tuple(POSITIVE, POSITIVE, CONF)))
      .map(([term, after, more, rows, end]) => ({
        term,
        after,
        upTo: after + more,
        rows,
        end: end && { base: { index: end[0], term, stamp: end[1], conf: end[2] }, state: '{}' },
      })),
  ),
  of('InstallSnapshotResponse', fc.record({ term: POSITIVE, upTo: SMALL, matchIndex: SMALL })),
  of('TimeoutNow', fc.record({ term: POSITIVE })),
  of('ReadIndex', fc.record({ term: SMALL, token: SMALL })),
  of('ReadIndexResponse', fc.record({ term: SMALL, token: SMALL, index: fc.option(SMALL) })),
);
