/** Random commands and questions: the store and a naive one say the same, and a store that was saved goes on as the same. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { encodeCommand } from '../../server/kv/command.ts';
import {
  applyKvChanges,
  applyLogWrite,
  emptyDurableState,
  encodeSnapshotState,
  readPiece,
  restoredNode,
  stageRows,
} from '../../server/ports/durable-state.ts';
import type { DurableState } from '../../server/ports/durable-state.ts';
import { KvStore } from '../../server/kv/store.ts';
import type { Change, ChangesQuery, ViewAnswer, ViewQuery } from '../../server/kv/queries.ts';
import type {
  ApplyResult,
  Command as AnyCommand,
  KvChanges,
  WriteCommand,
} from '../../server/kv/types.ts';
import { packsOf } from '../../server/kv/version-pack.ts';
import { nextQuery } from './conformance/subject.ts';
import { NaiveStore } from './naive-store.ts';
import { Refused } from './naive-terms.ts';
import { question, story, watched } from './stories.ts';
import type { Story } from './stories.ts';
import type { Row, Told } from './naive-terms.ts';
import { openIn, restored } from './writer.ts';

const OWNER = { clusterId: 'c', nodeId: 'n1', storeId: 's' };

/** More than any story has rows. */
const MOST_PAGES = 500;

/** Both stores, told the same. */
class Pair {
  readonly naive = new NaiveStore();
  store: KvStore;

  private readonly names = new Map<string, string>();

  constructor(store = KvStore.empty()) {
    this.store = store;
    for (const client of ['c', 'd']) {
      const stamp = store.lastStamp + 1;
      const name = openIn((command) =>
        store.apply({
          index: store.lastApplied + 1,
          stamp,
          kind: 'command',
          data: encodeCommand(command),
        }),
      );
      this.naive.open(name, stamp);
      this.names.set(client, name);
    }
  }

  /** Under the name that the store gave its client. */
  private named(write: WriteCommand): WriteCommand {
    const { session } = write;
    const client = session && this.names.get(session.client);
    return client === undefined || session === undefined
      ? write
      : { ...write, session: { ...session, client } };
  }

  tell(steps: Story): void {
    for (const { command, compact, ms } of steps) {
      const asked = command?.(this.store.lastApplied, this.naive) ?? null;
      const write = asked && this.named(asked);
      const [result, stamp] = this.apply(write ?? { op: 'tick' }, ms);
      if (write === null) this.naive.tick(stamp);
      else expect(told(result)).toEqual(this.naive.apply(write, stamp));
      if (compact === null) continue;
      const { by, part: at } = compact;
      const asOf = Math.max(1, Math.round(at * this.store.lastApplied));
      const [, later] = this.apply({ op: 'compact', by, asOf }, ms);
      this.naive.compact({ op: 'compact', by, asOf }, later);
    }
  }

  private apply(command: AnyCommand, ms: number): readonly [ApplyResult, number] {
    const index = this.store.lastApplied + 1;
    const stamp = this.store.lastStamp + ms * 1000 + 1;
    const data = encodeCommand(command);
    return [this.store.apply({ index, stamp, kind: 'command', data }), stamp];
  }

  /** What is forgotten is told so by both; anything else is asked in full. */
  ask(query: ViewQuery): void {
    let expected: readonly Row[] = [];
    try {
      if (this.naive.isCompacted(query)) throw new Refused('COMPACTED');
      if (query.type === 'get') this.naive.get(query.key, query.field, query);
      else expected = this.naive.rows(query);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      expect(() => this.rows(query, Number.POSITIVE_INFINITY)).toThrow(error.code);
      return;
    }
    if (query.type === 'get') {
      const answer = answerOf(this.store, query);
      if (answer.type !== 'get') throw new Error(answer.type);
      expect(answer.found ?? answer.absentBecause).toEqual(
        this.naive.get(query.key, query.field, query),
      );
      expect(answer).toMatchObject(this.naive.view(query));
      return;
    }
    expect(this.rows(query, expected.length)).toEqual(expected);
  }

  private rows(query: ViewQuery, most: number): readonly Row[] {
    const rows: Row[] = [];
    let pages = 0;
    for (let next: ViewQuery | null = query; next !== null; ) {
      expect(pages++).toBeLessThan(MOST_PAGES);
      const answer = answerOf(this.store, next);
      const page = rowsOf(answer);
      if (query.type !== 'get') expect(page.length).toBeLessThanOrEqual(query.limit ?? 1000);
      rows.push(...page);
      expect(rows.length).toBeLessThanOrEqual(most);
      next = nextQuery(next, answer);
    }
    return rows;
  }
}

/** All pages of what was asked; no revision may be on two of them. */
function allChanges(store: KvStore, query: ChangesQuery) {
  const all: (Change & { readonly told: number })[] = [];
  for (let { after } = query, pages = 0; after < store.lastApplied; pages++) {
    expect(pages).toBeLessThan(MOST_PAGES);
    const result = store.query({ ...query, after });
    if (!result.ok) throw new Error(result.error.code);
    const { batches, through } = result.answer;
    expect(through).toBeGreaterThan(after);
    const told = batches.flatMap(({ revision, changes }) =>
      changes.map((change) => ({ told: revision, ...change })),
    );
    for (const { told: revision } of told) {
      expect(revision).toBeGreaterThan(after);
      expect(revision).toBeLessThanOrEqual(through);
    }
    // Full before its last revision, and not after.
    const last = batches[batches.length - 1]?.changes.length ?? 0;
    expect(told.length - last).toBeLessThan(query.limit);
    all.push(...told);
    after = through;
  }
  return all;
}

/** Brings what one disk has to another, a few revisions at a time, and into the store that is open there. */
function bring(follower: KvStore, behind: DurableState, ahead: DurableState): void {
  for (let after = follower.lastApplied; ; ) {
    const piece = readPiece(ahead, after, 7);
    if (piece.end === null) {
      after = stageRows(behind, after, piece);
      expect(after).toBe(piece.upTo);
      continue;
    }
    const { lastApplied: index, lastStamp: stamp, ...header } = piece.end.kv;
    const state = encodeSnapshotState(header, piece.end);
    const base = { index, stamp, term: 1, conf: behind.base.conf };
    const nothing = { hardState: null, truncateFrom: null, append: [], base: null };
    applyLogWrite(behind, { install: { base, state }, ...nothing });
    break;
  }
  const { versions, marks } = readPiece(behind, follower.lastApplied, Number.MAX_SAFE_INTEGER);
  const { end } = readPiece(behind, behind.kv.lastApplied, 1);
  const { kv, kept, ...rest } = must(end, 'nothing is left');
  follower.installSnapshot(kv, { versions: packsOf(versions), marks, ...rest }, kept);
}

/** All that the store has to save. */
function taken(store: KvStore): KvChanges {
  return must(store.takeChanges(Number.MAX_SAFE_INTEGER), 'there is something to save');
}

function told(result: ApplyResult): Told {
  if (result.ok) return result;
  return { ok: false, code: result.error.code, operation: result.error.operation };
}

function answerOf(store: KvStore, query: ViewQuery): ViewAnswer {
  const result = store.query(query);
  if (!result.ok) throw new Error(result.error.code);
  return result.answer;
}

function rowsOf(answer: ViewAnswer): readonly Row[] {
  switch (answer.type) {
    case 'get':
      return [];
    case 'scan':
      return answer.fields;
    case 'keys':
      return answer.keys;
    case 'range':
      return answer.records.map(({ key: name, fields, more }) => {
        expect(more).toBe(false);
        return { key: name, fields };
      });
    case 'history':
      return answer.versions;
    case 'diff':
      return answer.changes;
    case 'versions':
      return answer.versions;
  }
}

describe('against a naive store', () => {
  test('[T18] everything that happened after any revision is told once, in order, alike after a restart', () => {
    fc.assert(
      fc.property(story, fc.array(watched, { maxLength: 8 }), (steps, questions) => {
        const pair = new Pair();
        pair.tell(steps);
        const again = restored(pair.store, 3);
        for (const ask of questions) {
          const query = ask(pair.store.lastApplied);
          if (pair.naive.isCompacted(query)) {
            expect(() => allChanges(pair.store, query)).toThrow('COMPACTED');
            continue;
          }
          const expected = pair.naive.changes(query);
          expect(allChanges(pair.store, query)).toEqual(expected);
          expect(allChanges(again, query)).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('[T1] every write and every read at every view is answered alike', () => {
    fc.assert(
      fc.property(story, fc.array(question, { maxLength: 25, size: 'max' }), (steps, questions) => {
        const pair = new Pair();
        pair.tell(steps);
        for (const ask of questions) pair.ask(ask(pair.store.lastApplied));
      }),
      { numRuns: 300 },
    );
  });

  test('[T19] a store restored from what it gave to be saved answers the same and goes on the same', () => {
    fc.assert(
      fc.property(
        story,
        story,
        fc.array(question, { maxLength: 10 }),
        fc.integer({ min: 1, max: 9 }),
        (before, later, questions, batch) => {
          const pair = new Pair();
          pair.tell(before);
          const hash = pair.store.stateHash;
          const due = pair.store.nextDueMs();
          const forgets = pair.store.hasPolicy;
          pair.store = restored(pair.store, batch);
          expect(pair.store.stateHash).toBe(hash);
          // The end of what is forgotten is forgotten too.
          if (!forgets) expect(pair.store.nextDueMs()).toBe(due);
          pair.tell(later);
          for (const ask of questions) pair.ask(ask(pair.store.lastApplied));
          const whole = new Pair();
          whole.tell([...before, ...later]);
          expect(pair.store.stateHash).toBe(whole.store.stateHash);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('[T19] a store brought on by the rows of a later state answers the same and goes on the same', () => {
    fc.assert(
      fc.property(
        fc.tuple(story, story, story),
        fc.array(question, { maxLength: 10 }),
        ([before, missed, later], questions) => {
          const pair = new Pair();
          pair.tell(before);
          const behind = emptyDurableState(OWNER, []);
          const ahead = emptyDurableState(OWNER, []);
          const start = taken(pair.store);
          applyKvChanges(behind, start);
          applyKvChanges(ahead, start);
          pair.tell(missed);
          const { stateHash } = pair.store;
          applyKvChanges(ahead, taken(pair.store));
          const { kv, ...rows } = restoredNode(behind);
          const follower = KvStore.restore(kv, rows);
          bring(follower, behind, ahead);
          const { kv: saved, ...all } = restoredNode(behind);
          for (const store of [KvStore.restore(saved, all), follower]) {
            expect(store.stateHash).toBe(stateHash);
            pair.store = store;
            for (const ask of questions) pair.ask(ask(store.lastApplied));
          }
          pair.tell(later);
          for (const ask of questions) pair.ask(ask(pair.store.lastApplied));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('[T19] two stores that were fed the same entries have equal hashes, step by step', () => {
    fc.assert(
      fc.property(story, (steps) => {
        const [one, two] = [new Pair(), new Pair()];
        for (const each of steps) {
          one.tell([each]);
          two.tell([each]);
          expect(one.store.stateHash).toBe(two.store.stateHash);
        }
      }),
      { numRuns: 100 },
    );
  });
});
