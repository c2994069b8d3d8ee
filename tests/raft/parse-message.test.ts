/**
 * What is no message is told from what is one. The second opinion are schemas,
 * written down once more in another way. A false message that is well-formed is a
 * lie and may do harm to those who lead; to one who knows nothing yet it does none.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { Random } from '../../server/base/random.ts';
import type { Message, MessageType } from '../../server/raft/messages.ts';
import { parseMessage } from '../../server/raft/parse-message.ts';
import { Raft } from '../../server/raft/raft.ts';
import { Admission } from '../../server/node/admission.ts';
import { raftConfig } from '../../server/node/node-host.ts';
import { broken } from '../../sim/garbage.ts';
import { FROM, MESSAGE, TO } from './messages.ts';

const OWN = { clusterId: 'c', nodeId: TO, storeId: 's', bootEpoch: 1 };

const count = z.number().int().min(0);
const id = z.string().min(1);
const conf = z.object({
  voters: z.array(id).min(1),
  votersOutgoing: z.array(id),
  learners: z.array(id),
});
const entry = z.object({
  index: count,
  term: count,
  stamp: count,
  kind: z.enum(['noop', 'command', 'confChange']),
  data: z.string(),
});
const end = z.object({
  base: z.object({ index: count, term: count, stamp: count, conf }),
  state: z.string(),
});
const FIELDS: { readonly [T in MessageType]: z.ZodRawShape } = {
  PreVote: { nextTerm: count, lastLogIndex: count, lastLogTerm: count },
  PreVoteResponse: { nextTerm: count, granted: z.boolean() },
  RequestVote: { lastLogIndex: count, lastLogTerm: count, transfer: z.boolean() },
  RequestVoteResponse: { granted: z.boolean() },
  AppendEntries: {
    prevLogIndex: count,
    prevLogTerm: count,
    entries: z.array(entry),
    leaderCommit: count,
  },
  AppendEntriesResponse: {
    success: z.boolean(),
    index: count,
    conflictIndex: count,
    conflictTerm: count,
  },
  Heartbeat: { leaderCommit: count, readSeq: count },
  HeartbeatResponse: { readSeq: count },
  InstallSnapshot: { after: count, upTo: count, rows: z.string(), end: end.nullable() },
  InstallSnapshotResponse: { upTo: count, matchIndex: count },
  TimeoutNow: {},
  ReadIndex: { token: count },
  ReadIndexResponse: { token: count, index: count.nullable() },
};
const SCHEMA = z.union(
  Object.entries(FIELDS).map(([type, fields]) =>
    z.object({ type: z.literal(type), from: id, to: id, term: count, ...fields }),
  ),
);

/** A node that was never told anything takes the message in, and says what it makes of it. */
function takeIn(message: Message): void {
  const now = { mono: 0, wall: 1 };
  const timing = { heartbeatIntervalMs: 10, electionTimeoutMs: 100, leaseMs: 0 };
  const base = {
    index: 0,
    term: 0,
    stamp: 0,
    conf: { voters: ['n1', 'n2', 'n3'], votersOutgoing: [], learners: [] },
  };
  const raft = new Raft(
    raftConfig({ id: TO, timing }),
    { hardState: { term: 0, votedFor: null, commit: 0 }, base, entries: [], lastApplied: 0 },
    Random.fromSeed(1),
    now,
  );
  raft.step(now, { type: 'receive', message });
  raft.drain();
}

/** Any value with any one thing in it replaced by anything, or missing. */
function mutate(value: unknown, path: readonly number[], by: unknown, isGone: boolean): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return by;
  const names = Object.keys(value);
  const name = names[step % Math.max(1, names.length)];
  if (name === undefined) return by;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<
    string,
    unknown
  >;
  if (isGone && rest.length === 0) Reflect.deleteProperty(copy, name);
  else copy[name] = mutate(copy[name], rest, by, isGone);
  return copy;
}

const ANYTHING = fc.oneof(
  fc.anything({ withBigInt: true, withMap: true, withSparseArray: true }),
  fc.constantFrom(Number.NaN, -1, 0.5, 2 ** 53, 1e300, -0, '', 'n1', null, undefined, [], {}),
  fc.maxSafeInteger(),
);

describe('a message', () => {
  test('[N8] that a node may send is taken as it is', () => {
    fc.assert(
      fc.property(MESSAGE, (message) => {
        expect(parseMessage(message)).toBe(message);
      }),
    );
  });

  test('[N8] that was changed in any way is refused, or is well-formed and harms nobody who knows nothing', () => {
    fc.assert(
      fc.property(
        MESSAGE,
        fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }),
        ANYTHING,
        fc.boolean(),
        (message, path, by, isGone) => {
          const door = new Admission(OWN);
          const packet = { head: door.head, messages: [message] };
          for (const admitted of door.admit(FROM, mutate(packet, path, by, isGone))) {
            expect(SCHEMA.safeParse(admitted).error).toBeUndefined();
            takeIn(admitted);
          }
        },
      ),
      { numRuns: 5000 },
    );
  });

  test('[N8] of which one thing is missing or can never stand there is refused', () => {
    fc.assert(
      fc.property(MESSAGE, fc.nat(), (message, seed) => {
        expect(parseMessage(broken(Random.fromSeed(seed), message))).toBeNull();
      }),
      { numRuns: 3000 },
    );
  });

  test('[N8] is refused when it is of no type, whatever its type is called', () => {
    for (const type of ['', 'toString', '__proto__', 'constructor', 'appendEntries', 7, null])
      expect(parseMessage({ type, from: 'n1', to: 'n2', term: 1 })).toBeNull();
    for (const value of [undefined, null, 0, '', [], () => {}])
      expect(parseMessage(value)).toBeNull();
  });

  test('[N8] is refused when its numbers do not stand to each other as they must', () => {
    const noop = { kind: 'noop', data: '' };
    const append = {
      type: 'AppendEntries',
      from: 'n1',
      to: 'n2',
      term: 3,
      prevLogIndex: 4,
      prevLogTerm: 2,
      entries: [
        { index: 5, term: 2, stamp: 7, ...noop },
        { index: 6, term: 3, stamp: 8, ...noop },
      ],
      leaderCommit: 9,
    };
    const [first, second] = append.entries;
    const poll = { type: 'PreVote', from: 'n1', to: 'n2', term: 3, nextTerm: 4 };
    const vote = { type: 'RequestVote', from: 'n1', to: 'n2', term: 3, transfer: false };
    const piece = { type: 'InstallSnapshot', from: 'n1', to: 'n2', term: 3, rows: '', end: null };
    const good = [
      append,
      { ...poll, lastLogIndex: 5, lastLogTerm: 3 },
      { ...vote, lastLogIndex: 5, lastLogTerm: 2 },
      { ...piece, after: 3, upTo: 3 },
    ];
    for (const message of good) expect(parseMessage(message)).toBe(message);
    const wrong = [
      // A hole, a repeat, another order.
      { ...append, entries: [second] },
      { ...append, entries: [first, first] },
      { ...append, entries: [second, first] },
      // A term that falls, or is above its leader's; a stamp that does not rise.
      { ...append, entries: [{ ...first, term: 1 }] },
      { ...append, entries: [{ ...first, term: 4 }] },
      { ...append, entries: [first, { ...second, stamp: 7 }] },
      // No configuration.
      { ...append, entries: [{ ...first, kind: 'confChange', data: '{"voters":[]}' }] },
      { ...append, entries: [{ ...first, kind: 'confChange', data: 'n1' }] },
      // A place before the first entry with a term, and the other way round.
      { ...append, prevLogIndex: 0, entries: [] },
      { ...append, prevLogTerm: 0, entries: [] },
      { ...append, prevLogTerm: 4, entries: [] },
      // A leader in the term before any election.
      { ...append, term: 0, prevLogIndex: 0, prevLogTerm: 0, entries: [] },
      { ...poll, nextTerm: 5, lastLogIndex: 5, lastLogTerm: 3 },
      { ...poll, lastLogIndex: 5, lastLogTerm: 4 },
      { ...vote, lastLogIndex: 5, lastLogTerm: 3 },
      { ...piece, after: 4, upTo: 3 },
    ];
    for (const message of wrong) expect(parseMessage(message), JSON.stringify(message)).toBeNull();
  });
});
